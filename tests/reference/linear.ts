// The fully connected layer from its definition, in double precision.

import { type Values, zeros } from "./values.ts";

/** x `[S, N, I]`, weight `[S, O, I]`, bias `[S, O]` → `[S, N, O]`. */
export function linearReference(x: Values, weight: Values, bias?: Values): Values {
  const [S, N, I] = x.shape;
  const O = weight.shape[1];
  const y = zeros([S, N, O]);
  for (let s = 0; s < S; s++) {
    for (let n = 0; n < N; n++) {
      for (let o = 0; o < O; o++) {
        let sum = bias?.data[s * O + o] ?? 0;
        for (let i = 0; i < I; i++) {
          sum += x.data[(s * N + n) * I + i] * weight.data[(s * O + o) * I + i];
        }
        y.data[(s * N + n) * O + o] = sum;
      }
    }
  }
  return y;
}
