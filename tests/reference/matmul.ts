// The product of matrices from its definition, in double precision.

import { type Values, zeros } from "./values.ts";

/** left `[…, M, K]`, right `[…, K, N]`, both with the same axes in front → `[…, M, N]`. */
export function matmulReference(left: Values, right: Values): Values {
  const [M, K] = left.shape.slice(-2);
  const N = right.shape.at(-1)!;
  const product = zeros([...left.shape.slice(0, -1), N]);
  for (let at = 0; at < product.data.length; at++) {
    const matrix = Math.floor(at / (M * N));
    const row = Math.floor(at / N);
    for (let k = 0; k < K; k++) {
      product.data[at] += left.data[row * K + k] * right.data[(matrix * K + k) * N + at % N];
    }
  }
  return product;
}
