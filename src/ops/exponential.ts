// The exponential function and its inverse.

import { record } from "../tensor/autograd.ts";
import { elementwise } from "../tensor/elementwise.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { expectFloats, expectNoMore } from "../tensor/checks.ts";

/** eˣ, elementwise. Any shape, f32; above 88.7 it overflows. */
export function exp(x: Tensor): Tensor {
  expectNoMore("exp", arguments, 1);
  expectFloats("exp", "x", x);
  const output = elementwise("exponential", { left: x });
  return record(output, [x], (upstream) => [
    elementwise("multiply", { left: upstream, right: output }),
  ]);
}

/** The natural logarithm, elementwise. Any shape, f32; defined for numbers above 0. */
export function log(x: Tensor): Tensor {
  expectNoMore("log", arguments, 1);
  expectFloats("log", "x", x);
  const output = elementwise("logarithm", { left: x });
  return record(output, [x], (upstream) => [
    elementwise("divide", { left: upstream, right: x }),
  ]);
}
