// The aggregation with host arrays in and out, for tests.

import { progressiveFourierAggregation } from "../../src/federated/aggregate/fourier.ts";
import type { Gpu } from "../../src/tensor/gpu.ts";

/** Weights of one layer, one row-major array per client, after their aggregation. */
export async function aggregateClients(
  gpu: Gpu,
  weights: readonly ArrayLike<number>[],
  shape: readonly number[],
  rate: number,
  clientWeights?: readonly number[],
): Promise<Float32Array[]> {
  using _scope = gpu.scope();
  const size = weights[0].length;
  const data = new Float32Array(weights.length * size);
  weights.forEach((weight, k) => data.set(weight, k * size));
  const stacked = gpu.tensor(data, [weights.length, ...shape]);
  const counting = clientWeights && gpu.tensor(Float32Array.from(clientWeights));
  const options = { rate, clientWeights: counting };
  const result = await progressiveFourierAggregation(stacked, options).read() as Float32Array;
  return weights.map((_, k) => result.slice(k * size, (k + 1) * size));
}
