// The sum of two tensors.

import { record } from "../tensor/autograd.ts";
import { sumOf } from "../tensor/elementwise.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { expectFloats, expectShape } from "./checks.ts";

/**
 * left + right, elementwise, f32.
 *
 * @throws {TypeError} unless both have the same shape
 */
export function add(left: Tensor, right: Tensor): Tensor {
  expectFloats("add", "left", left);
  expectShape("add", "right", right, left.shape);
  return record(sumOf(left, right), [left, right], (upstream) => [
    upstream.view(upstream.shape),
    upstream.view(upstream.shape),
  ]);
}
