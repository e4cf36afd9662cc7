// How long Fourier transforms take, and the aggregation of a whole network.

import { progressiveFourierAggregation } from "../src/federated/aggregate/fourier.ts";
import { fft, fft2, ifft2 } from "../src/ops/fft.ts";
import { type Shape, sizeOf } from "../src/tensor/shape.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { dft, dft2, interleaved, separated } from "../tests/reference/fft.ts";
import { fourierAggregationReference } from "../tests/reference/fourier_aggregation.ts";
import { check, randomTensor } from "./tensors.ts";
import { benchSteps, gpu } from "./throughput.ts";

const clients = 4;
const rate = 0.825; // the middle of the official schedule
/** Weights of `vgg_nb` that are aggregated. */
const layers: readonly Shape[] = [
  ...[[32, 3], [32, 32], [64, 32], [64, 64], [128, 64]],
  ...Array(5).fill([128, 128]),
  ...[[256, 128], [256, 256], [256, 256]],
].map((channels) => [...channels, 3, 3]).concat([[64, 256], [3, 64]]);

for (const [size, runs] of [[768, 4], [96, 100]]) {
  const x = randomTensor([4, size, size, 2]);
  await checkTransform(x);
  benchSteps(
    `fft2 [4, ${size}, ${size}]`,
    { group: `fft2 ${size}`, runs, gigaflop: 4 * transformWork(size, size) },
    () => fft2(x),
  );
}

// As many numbers each time: what a length costs, by the passes it takes.
for (const n of [1024, 1021, 4096, 65536]) {
  const lines = 2 ** 18 / n;
  const x = randomTensor([Math.round(lines), n, 2]);
  await checkLine(x);
  benchSteps(
    `fft [${x.shape.slice(0, -1).join(", ")}]`,
    { group: "fft", runs: 10, gigaflop: x.shape[0] * transformWork(1, n) },
    () => fft(x),
  );
}

// What the aggregation saves by taking two rows of real numbers as one of complex numbers.
for (const [name, rows] of [["one real row", 768], ["two real rows", 384]] as const) {
  const x = randomTensor([clients, rows, 768, 2]);
  benchSteps(
    `fft2 and ifft2 of a real 768 by 768 matrix, ${name} in a complex one`,
    { group: "real numbers", runs: 2, gigaflop: 2 * clients * transformWork(rows, 768) },
    () => ifft2(fft2(x)),
  );
}

const network = layers.map((shape) => randomTensor([clients, ...shape]));
await checkAggregation(network[1]);
const work = layers.reduce((sum, shape) => sum + 2 * clients * transformWork(...folded(shape)), 0);
benchSteps(
  `progressiveFourierAggregation of vgg_nb, ${clients} clients`,
  { group: "aggregation", runs: 2, gigaflop: work },
  () => {
    for (const weights of network) progressiveFourierAggregation(weights, { rate }).dispose();
  },
);

/** 10⁹ operations of a complex 2-D transform: 5 n log2 n for each row and column by convention. */
function transformWork(height: number, width: number): number {
  return 5 * height * width * Math.log2(height * width) / 1e9;
}

/** Sides of the matrix that a weight is transformed as. */
function folded([outputs, inputs, height = 1, width = 1]: Shape): [number, number] {
  return [inputs * height, width * outputs];
}

async function checkTransform(x: Tensor): Promise<void> {
  using _scope = gpu.scope();
  const [, height, width] = x.shape;
  const data = await x.read() as Float32Array;
  const size = 2 * height * width; // of the first matrix, which is enough
  const expected = interleaved(dft2(separated(data.subarray(0, size)), height, width));
  await check(`fft2 [${x.shape}]`, firstOf(fft2(x)), expected);
}

async function checkLine(x: Tensor): Promise<void> {
  using _scope = gpu.scope();
  const line = (await x.read()).subarray(0, 2 * x.shape[1]); // the first one, which is enough
  await check(`fft [${x.shape}]`, firstOf(fft(x)), interleaved(dft(separated(line))));
}

function firstOf(x: Tensor): Tensor {
  return x.view([1, ...x.shape.slice(1)]);
}

async function checkAggregation(weights: Tensor): Promise<void> {
  using _scope = gpu.scope();
  const [, ...shape] = weights.shape;
  const data = await weights.read() as Float32Array;
  const size = sizeOf(shape);
  const parts = [...Array(clients).keys()].map((k) => data.subarray(k * size, (k + 1) * size));
  const expected = fourierAggregationReference(parts, shape, rate).flatMap((part) => [...part]);
  const result = progressiveFourierAggregation(weights, { rate });
  await check(`The aggregation of [${shape}]`, result, expected, 1e-5);
}
