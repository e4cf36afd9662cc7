// Operations on each element by itself, in double precision.

import { broadcastReference } from "./axes.ts";
import type { Values } from "./values.ts";

export function addReference(left: Values, right: Values): Values {
  return combined(left, right, (a, b) => a + b);
}

export function subReference(left: Values, right: Values): Values {
  return combined(left, right, (a, b) => a - b);
}

export function mulReference(left: Values, right: Values): Values {
  return combined(left, right, (a, b) => a * b);
}

/** A function of each element. */
export function mapReference({ shape, data }: Values, change: (value: number) => number): Values {
  return { shape, data: data.map(change) };
}

function combined(left: Values, right: Values, combine: (a: number, b: number) => number): Values {
  const axes = Math.max(left.shape.length, right.shape.length);
  const sizes = [left, right].map(({ shape }) => [...Array(axes - shape.length).fill(1), ...shape]);
  const shape = sizes[0].map((size, axis) => Math.max(size, sizes[1][axis]));
  const [a, b] = [broadcastReference(left, shape), broadcastReference(right, shape)];
  return { shape, data: a.data.map((value, at) => combine(value, b.data[at])) };
}
