// Sums, differences and products of two tensors, and multiples of one.

import { record } from "../tensor/autograd.ts";
import { elementwise } from "../tensor/elementwise.ts";
import { broadcastShape, showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { repeated } from "./broadcast.ts";
import {
  expectFinite,
  expectFloats,
  expectNoMore,
  expectOneGpu,
  expectStackAligned,
} from "../tensor/checks.ts";

/**
 * left + right, elementwise, f32.
 *
 * @param left of any shape
 * @param right of a shape that broadcasts with it as in NumPy: aligned at the last axis, and axes of size 1
 *   (or missing in front) are repeated
 * @returns the broadcast shape; gradients are summed over the repeated axes
 * @throws {TypeError} for shapes that do not broadcast, and for those that could be meant in two ways: of fewer axes,
 *   and as long along the first as the other's stack, as `[S, C]` beside `[S, N, C]`. NumPy would give row n
 *   what belongs to model n; make it `[S, 1, C]` or `[1, S, C]`
 */
export function add(left: Tensor, right: Tensor): Tensor {
  expectNoMore("add", arguments, 2);
  const [a, b] = broadcast("add", left, right);
  const output = elementwise("add", { left: a, right: b });
  return record(output, [a, b], (upstream) => [
    upstream.view(upstream.shape),
    upstream.view(upstream.shape),
  ]);
}

/** left − right, elementwise, f32; shapes and errors as of `add`. */
export function sub(left: Tensor, right: Tensor): Tensor {
  expectNoMore("sub", arguments, 2);
  const [a, b] = broadcast("sub", left, right);
  const output = elementwise("subtract", { left: a, right: b });
  return record(output, [a, b], (upstream) => [
    a.requiresGrad ? upstream.view(upstream.shape) : null,
    b.requiresGrad ? elementwise("scale", { left: upstream }, -1) : null,
  ]);
}

/** left · right, elementwise, f32; shapes and errors as of `add`. */
export function mul(left: Tensor, right: Tensor): Tensor {
  expectNoMore("mul", arguments, 2);
  const [a, b] = broadcast("mul", left, right);
  const output = elementwise("multiply", { left: a, right: b });
  return record(output, [a, b], (upstream) => [
    a.requiresGrad ? elementwise("multiply", { left: upstream, right: b }) : null,
    b.requiresGrad ? elementwise("multiply", { left: upstream, right: a }) : null,
  ]);
}

/**
 * factor · x, f32, for a number that the tape takes as a constant.
 *
 * @throws {RangeError} unless the factor is finite
 */
export function scale(x: Tensor, factor: number): Tensor {
  expectNoMore("scale", arguments, 2);
  expectFloats("scale", "x", x);
  expectFinite("scale", { factor });
  const output = elementwise("scale", { left: x }, factor);
  return record(output, [x], (upstream) => [elementwise("scale", { left: upstream }, factor)]);
}

/** Both tensors in the shape of the result. */
function broadcast(op: string, left: Tensor, right: Tensor): [Tensor, Tensor] {
  expectFloats(op, "left", left);
  expectFloats(op, "right", right);
  expectOneGpu(op, { left, right });
  const shape = broadcastShape(left.shape, right.shape);
  if (!shape) {
    throw new TypeError(
      `Cannot apply ${op}: left has shape ${showShape(left.shape)} and right ` +
        `${showShape(right.shape)}, which differ in an axis where neither is 1`,
    );
  }
  expectStackAligned(op, { name: "left", shape: left.shape }, {
    name: "right",
    shape: right.shape,
  });
  return [repeated(left, shape), repeated(right, shape)];
}
