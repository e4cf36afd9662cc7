// Repetition along axes and its adjoint, the sum: the one place where broadcasting is done and undone.

import { record } from "../tensor/autograd.ts";
import {
  broadcastShape,
  padded,
  sameShape,
  type Shape,
  showShape,
  stridesOf,
} from "../tensor/shape.ts";
import { stridedCopy } from "../tensor/strided.ts";
import { sumOver } from "../tensor/sum.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { expectFloats, expectList, expectNoMore, expectStackAligned } from "../tensor/checks.ts";

/**
 * Repeats a tensor to a larger shape, as `numpy.broadcast_to`, f32. Operations that broadcast do this to their
 * inputs, so the gradient of whatever was repeated is summed here and nowhere else.
 *
 * @param x aligned with `shape` at the last axis; its axes of size 1 or missing in front are repeated
 * @returns a tensor of this shape; `x` itself if it has it already
 * @throws {TypeError} if the shape of `x` does not broadcast to it, or could be meant in two ways (see `add`)
 */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  expectNoMore("broadcastTo", arguments, 2);
  expectFloats("broadcastTo", "x", x);
  expectList("broadcastTo", "shape", shape);
  if (sameShape(x.shape, shape)) return x;
  const reached = broadcastShape(x.shape, shape);
  if (!reached || !sameShape(reached, shape) || shape.includes(0)) {
    throw new TypeError(
      `Cannot apply broadcastTo: x has shape ${showShape(x.shape)}, ` +
        `which does not broadcast to ${showShape(shape)}`,
    );
  }
  expectStackAligned("broadcastTo", { name: "x", shape: x.shape }, { name: "the result", shape });
  return repeated(x, shape);
}

/** The same for operations that have checked the shapes in their own way. */
export function repeated(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const own = padded(x.shape, shape.length);
  const isRepeated = own.map((size, axis) => size !== shape[axis]);
  const strides = stridesOf(own).map((stride, axis) => isRepeated[axis] ? 0 : stride);
  return record(stridedCopy("broadcastTo", x, shape, strides), [x], (upstream) => {
    const sum = sumOver(upstream, isRepeated);
    const gradient = sum.view(x.shape);
    sum.dispose();
    return [gradient];
  });
}
