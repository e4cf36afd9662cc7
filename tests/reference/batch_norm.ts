// Batch normalization from its definition, in double precision.

import { type Values, zeros } from "./values.ts";

/** All but `counts` and the scalars `[S, C]`. */
export interface BatchNormReferenceOptions {
  readonly weight: Values;
  readonly bias: Values;
  readonly runningMean: Values;
  readonly runningVar: Values;
  readonly training: boolean;
  readonly momentum: number;
  readonly eps: number;
  /** real rows of each model, `[S]` */
  readonly counts: ArrayLike<number>;
  readonly rectify: boolean;
}

/** x `[S, N, C, …]` → output of the same shape, and the running statistics afterwards. */
export function batchNormReference(
  x: Values,
  options: BatchNormReferenceOptions,
): { output: Values; runningMean: Values; runningVar: Values } {
  const { weight, bias, training, momentum, eps, counts, rectify } = options;
  const [S, N, C] = x.shape;
  const pixels = x.data.length / (S * N * C);
  const output = zeros(x.shape);
  const runningMean = { ...options.runningMean, data: options.runningMean.data.slice() };
  const runningVar = { ...options.runningVar, data: options.runningVar.data.slice() };
  for (let s = 0; s < S; s++) {
    for (let c = 0; c < C; c++) {
      const own = s * C + c;
      const places = channelPlaces(s, c);
      let mean = runningMean.data[own];
      let variance = runningVar.data[own];
      if (training) {
        mean = sum(places.map((place) => x.data[place])) / places.length;
        const squares = sum(places.map((place) => (x.data[place] - mean) ** 2));
        variance = squares / places.length;
        runningMean.data[own] += momentum * (mean - runningMean.data[own]);
        runningVar.data[own] += momentum * (squares / (places.length - 1) - runningVar.data[own]);
      }
      for (const place of places) {
        const normalized = (x.data[place] - mean) / Math.sqrt(variance + eps);
        const value = normalized * weight.data[own] + bias.data[own];
        output.data[place] = rectify ? Math.max(value, 0) : value;
      }
    }
  }
  return { output, runningMean, runningVar };

  /** Where the real values of a channel lie in x. */
  function channelPlaces(s: number, c: number): number[] {
    const places: number[] = [];
    for (let n = 0; n < counts[s]; n++) {
      for (let i = 0; i < pixels; i++) places.push(((s * N + n) * C + c) * pixels + i);
    }
    return places;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
