// How long Fourier transforms take, and the aggregation of a whole network.

import { progressiveFourierAggregation } from "../src/federated/aggregate/fourier.ts";
import { fft2 } from "../src/ops/fft.ts";
import { RandomStream } from "../src/random.ts";
import { openGpu } from "../src/tensor/gpu.ts";
import { type Shape, sizeOf } from "../src/tensor/shape.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { assert } from "../tests/assert.ts";
import { relativeError } from "../tests/close.ts";
import { dft2, interleaved, separated } from "../tests/reference/fft.ts";
import { fourierAggregationReference } from "../tests/reference/fourier_aggregation.ts";

const gpu = await openGpu();
console.log(`Adapter: ${gpu.adapter.name}; Deno ${Deno.version.deno}`);

const clients = 4;
const rate = 0.825; // the middle of the official schedule
/** Weights of `vgg_nb` that are aggregated. */
const layers: readonly Shape[] = [
  ...[[32, 3], [32, 32], [64, 32], [64, 64], [128, 64]],
  ...Array(5).fill([128, 128]),
  ...[[256, 128], [256, 256], [256, 256]],
].map((channels) => [...channels, 3, 3]).concat([[64, 256], [3, 64]]);

function randomTensor(shape: Shape): Tensor {
  const stream = new RandomStream(sizeOf(shape));
  return gpu.tensor(Float32Array.from({ length: sizeOf(shape) }, () => stream.uniform()), shape);
}

/** Runs `step` so often that waiting for the end (11 ms in Deno) does not show; the figure is for all runs. */
async function repeated(bench: Deno.BenchContext, runs: number, step: () => void): Promise<void> {
  await gpu.finish();
  bench.start();
  for (let i = 0; i < runs; i++) {
    using _scope = gpu.scope();
    step();
  }
  await gpu.finish();
  bench.end();
}

for (const [size, runs] of [[768, 4], [96, 100]]) {
  const x = randomTensor([4, size, size, 2]);
  await checkTransform(x);
  // 5 n log2 n operations by convention, two axes
  const gigaflop = runs * 4 * 10 * size ** 2 * Math.log2(size) / 1e9;
  Deno.bench(
    `${runs} × fft2 [4, ${size}, ${size}], ${gigaflop.toFixed(2)} Gflop`,
    { group: `fft2 ${size}`, n: 5, warmup: 1 },
    async (bench) => await repeated(bench, runs, () => fft2(x)),
  );
}

const network = layers.map((shape) => randomTensor([clients, ...shape]));
await checkAggregation(network[1]);
Deno.bench(
  `2 × progressiveFourierAggregation of vgg_nb, ${clients} clients`,
  { group: "aggregation", n: 5, warmup: 1 },
  async (bench) =>
    await repeated(bench, 2, () => {
      for (const weights of network) progressiveFourierAggregation(weights, { rate }).dispose();
    }),
);

async function checkTransform(x: Tensor): Promise<void> {
  using _scope = gpu.scope();
  const [, height, width] = x.shape;
  const size = 2 * height * width; // of the first matrix, which is enough
  const data = (await x.read()).subarray(0, size);
  const actual = (await fft2(x).read()).subarray(0, size);
  const error = relativeError(actual, interleaved(dft2(separated(data), height, width)));
  assert(error < 1e-6, `fft2 [${x.shape}] is wrong: relative error ${error}`);
}

async function checkAggregation(weights: Tensor): Promise<void> {
  using _scope = gpu.scope();
  const [, ...shape] = weights.shape;
  const data = await weights.read() as Float32Array;
  const size = sizeOf(shape);
  const parts = [...Array(clients).keys()].map((k) => data.subarray(k * size, (k + 1) * size));
  const expected = fourierAggregationReference(parts, shape, rate).flatMap((part) => [...part]);
  const result = await progressiveFourierAggregation(weights, { rate }).read();
  const error = relativeError(result, expected);
  assert(error < 1e-5, `The aggregation of [${shape}] is wrong: relative error ${error}`);
}
