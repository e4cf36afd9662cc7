// The rectifier.

import { record } from "../tensor/autograd.ts";
import { elementwise } from "../tensor/elementwise.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { expectFloats, expectNoMore } from "../tensor/checks.ts";

/** max(x, 0), elementwise; the gradient at 0 is 0, and NaN stays NaN. Any shape, f32. */
export function relu(x: Tensor): Tensor {
  expectNoMore("relu", arguments, 1);
  expectFloats("relu", "x", x);
  const output = elementwise("relu", { left: x });
  return record(output, [x], (upstream) => [
    elementwise("relu_gradient", { left: x, right: upstream }),
  ]);
}
