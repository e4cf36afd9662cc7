// Sums, repetition and another order of axes, index by index, in double precision.

import { type Values, zeros } from "./values.ts";

/** Every index of a shape, in row-major order. */
export function* indices(shape: readonly number[]): Generator<number[]> {
  const index = shape.map(() => 0);
  for (let count = shape.reduce((product, size) => product * size, 1); count > 0; count--) {
    yield index;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
}

function placeOf(index: readonly number[], shape: readonly number[]): number {
  return shape.reduce((place, size, axis) => place * size + index[axis], 0);
}

/** Repeats axes of size 1 and missing ones in front. */
export function broadcastReference(x: Values, shape: readonly number[]): Values {
  const result = zeros(shape);
  let at = 0;
  for (const index of indices(shape)) {
    const own = index.slice(shape.length - x.shape.length);
    const place = placeOf(own.map((i, axis) => x.shape[axis] === 1 ? 0 : i), x.shape);
    result.data[at++] = x.data[place];
  }
  return result;
}

/** The sum along some axes, counted from 0. */
export function sumReference(x: Values, axes: readonly number[], keepDims: boolean): Values {
  const kept = x.shape.map((size, axis) => axes.includes(axis) ? 1 : size);
  const result = zeros(kept);
  let at = 0;
  for (const index of indices(x.shape)) {
    const place = placeOf(index.map((i, axis) => axes.includes(axis) ? 0 : i), kept);
    result.data[place] += x.data[at++];
  }
  const shape = keepDims ? kept : kept.filter((_, axis) => !axes.includes(axis));
  return { shape, data: result.data };
}

/** Axis `a` of the result is axis `order[a]` of `x`, counted from 0. */
export function permuteReference(x: Values, order: readonly number[]): Values {
  const result = zeros(order.map((axis) => x.shape[axis]));
  let at = 0;
  for (const index of indices(result.shape)) {
    const own = x.shape.map((_, axis) => index[order.indexOf(axis)]);
    result.data[at++] = x.data[placeOf(own, x.shape)];
  }
  return result;
}
