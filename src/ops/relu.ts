// The rectifier.

import { record } from "../tensor/autograd.ts";
import { runElementwise } from "../tensor/elementwise.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import { expectFloats } from "./checks.ts";

/** max(x, 0), elementwise; the gradient at 0 is 0. Any shape, f32. */
export function relu(x: Tensor): Tensor {
  expectFloats("relu", "x", x);
  const output = runElementwise("relu", { left: x }, emptyTensor(x.gpu, x.shape));
  return record(output, [x], (upstream) => [
    runElementwise("relu_gradient", { left: x, right: upstream }, emptyTensor(x.gpu, x.shape)),
  ]);
}
