// How long batch normalization with ReLU takes, without and with max pooling, forward and with all gradients.

import { batchNorm, type BatchNormOptions } from "../src/ops/batch_norm.ts";
import { backward } from "../src/tensor/autograd.ts";
import { type Shape, sizeOf } from "../src/tensor/shape.ts";
import { batchNormReference } from "../tests/reference/batch_norm.ts";
import { maxPool2dReference } from "../tests/reference/pool2d.ts";
import { check, randomTensor, valuesOf, zeroGradients } from "./tensors.ts";
import { benchSteps, gpu } from "./throughput.ts";

/** Activations of the network: models, images, channels, height, width. */
const shapes: readonly Shape[] = [
  [1, 16, 32, 32, 32],
  [1, 16, 32, 128, 128],
  [1, 16, 256, 2, 2],
  [8, 16, 8, 32, 32], // eight models of width 0.25
];

await checkForward();
for (const shape of shapes) benchNorm(shape, "none");
for (const shape of shapes) benchNorm(shape, "max2x2");

function benchNorm(shape: Shape, pool: "none" | "max2x2"): void {
  const x = randomTensor(shape, true);
  const [S, N, C, H, W] = shape;
  const isPooled = pool !== "none";
  const upstream = randomTensor(isPooled ? [S, N, C, H / 2, W / 2] : shape);
  const options = { ...optionsFor(shape), pool };
  const once = 4 * sizeOf(shape) / 1e9; // a pass over such a tensor
  const runs = Math.min(200, Math.ceil(0.05 / once));
  const group = `batchNorm + ReLU${isPooled ? " + max pooling" : ""} [${shape.join(", ")}]`;
  const ofOutput = isPooled ? 1 / 4 : 1;
  // Mean and variance have to be known before the first value can be normalized.
  const forward = 2 + ofOutput;
  benchSteps(
    `${group} forward`,
    { group, runs, gigabyte: forward * once },
    () => batchNorm(x, options),
  );
  // And sums of upstream and of upstream · x, before the first gradient of x.
  const gradients = 3 + 2 * ofOutput;
  benchSteps(
    `${group} forward + gradients`,
    { group, runs: Math.ceil(runs / 3), gigabyte: (forward + gradients) * once },
    () => {
      zeroGradients(x, options.weight, options.bias);
      backward(batchNorm(x, options), upstream);
    },
  );
}

function optionsFor([stack, , channels]: Shape): BatchNormOptions {
  const parameter = () => randomTensor([stack, channels], true);
  const statistic = () => gpu.tensor(new Float32Array(stack * channels).fill(1), [stack, channels]);
  return {
    ...{ weight: parameter(), bias: parameter() },
    ...{ runningMean: statistic(), runningVar: statistic() },
    ...{ training: true, activation: "relu" },
  };
}

async function checkForward(): Promise<void> {
  using _scope = gpu.scope();
  const shape = [2, 5, 7, 8, 8];
  const x = randomTensor(shape);
  const options = optionsFor(shape);
  const { output } = batchNormReference(await valuesOf(x), {
    weight: await valuesOf(options.weight),
    bias: await valuesOf(options.bias),
    runningMean: await valuesOf(options.runningMean),
    runningVar: await valuesOf(options.runningVar),
    ...{ training: true, momentum: 0.1, eps: 1e-5, counts: [5, 5], rectify: true },
  });
  await check("batchNorm", batchNorm(x, options), output.data);
  const pooled = maxPool2dReference(output, 2, 2);
  await check("batchNorm, pooled", batchNorm(x, { ...options, pool: "max2x2" }), pooled.data);
}
