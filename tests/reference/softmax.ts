// Softmax from its definition, in double precision.

import type { Values } from "./values.ts";

/** exp(x) / Σ exp(x) along the last axis. */
export function softmaxReference(x: Values): Values {
  const { shape, data } = logSoftmaxReference(x);
  return { shape, data: data.map(Math.exp) };
}

/** x − log Σ exp(x) along the last axis. */
export function logSoftmaxReference({ shape, data }: Values): Values {
  const classes = shape.at(-1)!;
  const y = new Float64Array(data.length);
  for (let start = 0; start < data.length; start += classes) {
    y.set(logProbabilities(data.subarray(start, start + classes)), start);
  }
  return { shape, data: y };
}

/** Of one row. Without the maximum, exp would overflow above 709. */
export function logProbabilities(row: Float64Array): Float64Array {
  const maximum = Math.max(...row);
  const sum = row.reduce((total, value) => total + Math.exp(value - maximum), 0);
  return row.map((value) => value - maximum - Math.log(sum));
}
