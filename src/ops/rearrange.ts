// The same elements under another shape or in another order of the axes.

import { record } from "../tensor/autograd.ts";
import { type Shape, showShape, sizeOf, stridesOf } from "../tensor/shape.ts";
import { stridedCopy } from "../tensor/strided.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { expectList, expectNoMore, expectTensor, markAxes } from "../tensor/checks.ts";

/**
 * The same elements, row by row, under another shape, as `torch.reshape`. The memory is shared.
 *
 * @param x of any shape and dtype
 * @param shape one axis may be −1: what is left for it
 * @throws {TypeError} unless both shapes have the same number of elements
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  expectTensor("reshape", "x", x);
  expectList("reshape", "shape", shape);
  expectNoMore("reshape", arguments, 2);
  const rest = x.size / sizeOf(shape.filter((size) => size !== -1));
  const once = shape.indexOf(-1) === shape.lastIndexOf(-1);
  const full = shape.map((size) => size === -1 ? rest : size);
  if (!once || !full.every(isSize) || sizeOf(full) !== x.size) {
    throw new TypeError(
      `Cannot apply reshape: x has shape ${showShape(x.shape)}, ` +
        `whose ${x.size} elements do not fill ${showShape(shape)}`,
    );
  }
  return record(x.view(full), [x], (upstream) => [upstream.view(x.shape)]);
}

/**
 * Another order of the axes, as `torch.permute`; a copy, so that rows are contiguous.
 *
 * @param x of any shape and 32-bit dtype
 * @param order for each axis of the result, that of `x` it comes from; negative ones count from the end
 * @returns axis `a` has the size of axis `order[a]` of `x`
 * @throws {RangeError} unless every axis of `x` is named once
 */
export function permute(x: Tensor, order: readonly number[]): Tensor {
  expectTensor("permute", "x", x);
  expectList("permute", "order", order);
  expectNoMore("permute", arguments, 2);
  if (x.dtype === "u8") {
    throw new TypeError("Cannot apply permute: x is u8 but 32 bits are expected");
  }
  const named = markAxes("permute", order, x.shape);
  if (named.includes(false)) {
    throw new RangeError(
      `Cannot apply permute: order is [${order.join(", ")}] ` +
        `but every axis of shape ${showShape(x.shape)} is expected once`,
    );
  }
  const axes = order.map((axis) => axis < 0 ? axis + x.shape.length : axis);
  const inverse = axes.map((_, axis) => axes.indexOf(axis));
  return record(permuted(x, axes), [x], (upstream) => [permuted(upstream, inverse)]);
}

function permuted(x: Tensor, axes: readonly number[]): Tensor {
  const strides = stridesOf(x.shape);
  const shape = axes.map((axis) => x.shape[axis]);
  return stridedCopy("permute", x, shape, axes.map((axis) => strides[axis]));
}

function isSize(size: number): boolean {
  return Number.isInteger(size) && size > 0;
}
