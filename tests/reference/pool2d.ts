// Pooling from its definition, in double precision.

import { type Values, zeros } from "./values.ts";

/** x `[S, N, C, H, W]`; windows that do not fit whole are left out. */
export function maxPool2dReference(x: Values, kernelSize: number, stride: number): Values {
  const [S, N, C, H, W] = x.shape;
  const outH = Math.floor((H - kernelSize) / stride) + 1;
  const outW = Math.floor((W - kernelSize) / stride) + 1;
  const y = zeros([S, N, C, outH, outW]);
  for (let at = 0; at < y.data.length; at++) {
    const plane = Math.floor(at / (outH * outW));
    const top = Math.floor(at / outW) % outH * stride;
    const left = at % outW * stride;
    let largest = -Infinity;
    for (let row = top; row < top + kernelSize; row++) {
      for (let column = left; column < left + kernelSize; column++) {
        largest = Math.max(largest, x.data[(plane * H + row) * W + column]);
      }
    }
    y.data[at] = largest;
  }
  return y;
}

/** x `[S, N, C, H, W]` → `[S, N, C]`. */
export function globalAvgPool2dReference(x: Values): Values {
  const [S, N, C, H, W] = x.shape;
  const y = zeros([S, N, C]);
  x.data.forEach((value, at) => y.data[Math.floor(at / (H * W))] += value / (H * W));
  return y;
}
