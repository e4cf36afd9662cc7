// Operations on each element by itself, in double precision.

import type { Values } from "./values.ts";

export function addReference(left: Values, right: Values): Values {
  return { shape: left.shape, data: left.data.map((value, at) => value + right.data[at]) };
}

export function reluReference(x: Values): Values {
  return { shape: x.shape, data: x.data.map((value) => Math.max(value, 0)) };
}
