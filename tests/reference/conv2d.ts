// Convolution from its definition, in double precision.

import { type Values, zeros } from "./values.ts";

/** x `[S, N, C, H, W]`, weight `[S, O, C, kh, kw]`, bias `[S, O]` → `[S, N, O, outH, outW]`. */
export function conv2dReference(
  x: Values,
  weight: Values,
  options: { bias?: Values; stride: number; padding: number },
): Values {
  const { bias, stride, padding } = options;
  const [S, N, C, H, W] = x.shape;
  const [, O, , kh, kw] = weight.shape;
  const outH = Math.floor((H + 2 * padding - kh) / stride) + 1;
  const outW = Math.floor((W + 2 * padding - kw) / stride) + 1;
  const y = zeros([S, N, O, outH, outW]);
  let at = 0;
  for (let s = 0; s < S; s++) {
    for (let n = 0; n < N; n++) {
      for (let o = 0; o < O; o++) {
        for (let i = 0; i < outH; i++) {
          for (let j = 0; j < outW; j++) {
            y.data[at++] = (bias?.data[s * O + o] ?? 0) + window(s, n, o, i, j);
          }
        }
      }
    }
  }
  return y;

  function window(s: number, n: number, o: number, i: number, j: number): number {
    let sum = 0;
    for (let c = 0; c < C; c++) {
      for (let u = 0; u < kh; u++) {
        const row = i * stride + u - padding;
        if (row < 0 || row >= H) continue;
        for (let v = 0; v < kw; v++) {
          const column = j * stride + v - padding;
          if (column < 0 || column >= W) continue;
          const pixel = (((s * N + n) * C + c) * H + row) * W + column;
          sum += x.data[pixel] * weight.data[(((s * O + o) * C + c) * kh + u) * kw + v];
        }
      }
    }
    return sum;
  }
}
