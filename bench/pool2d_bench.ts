// How long pooling takes, forward and with the gradient.

import { globalAvgPool2d, maxPool2d } from "../src/ops/pool2d.ts";
import { backward } from "../src/tensor/autograd.ts";
import { sizeOf } from "../src/tensor/shape.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { globalAvgPool2dReference, maxPool2dReference } from "../tests/reference/pool2d.ts";
import { check, randomTensor, valuesOf, zeroGradients } from "./tensors.ts";
import { benchSteps, gpu } from "./throughput.ts";

const halves = (x: Tensor) => maxPool2d(x, { kernelSize: 2 });

await checkForward();
// What goes into the poolings of the network: models, images, channels, height, width.
benchPool("maxPool2d 2×2", halves, [1, 16, 32, 32, 32]);
benchPool("maxPool2d 2×2", halves, [1, 16, 64, 64, 64]);
benchPool("maxPool2d 2×2", halves, [8, 16, 8, 32, 32]); // eight models of width 0.25
benchPool("globalAvgPool2d", globalAvgPool2d, [1, 16, 256, 4, 4]);

function benchPool(name: string, pool: (x: Tensor) => Tensor, shape: readonly number[]): void {
  const x = randomTensor(shape, true);
  const pooled = pool(x);
  const upstream = randomTensor(pooled.shape);
  // The gradient of a maximum has to know where it was: a word for each pixel of the output.
  const marks = pool === halves ? pooled.byteLength / 1e9 : 0;
  const forward = 4 * (sizeOf(shape) + pooled.size) / 1e9 + marks;
  const runs = Math.min(200, Math.ceil(0.05 / forward));
  const group = `${name} [${shape.join(", ")}]`;
  benchSteps(`${group} forward`, { group, runs, gigabyte: forward }, () => pool(x));
  benchSteps(
    `${group} forward + gradient`,
    { group, runs: Math.ceil(runs / 2), gigabyte: 2 * forward },
    () => {
      zeroGradients(x);
      backward(pool(x), upstream);
    },
  );
  pooled.dispose();
}

async function checkForward(): Promise<void> {
  using _scope = gpu.scope();
  const x = randomTensor([2, 3, 5, 9, 8]);
  const values = await valuesOf(x);
  await check("maxPool2d", halves(x), maxPool2dReference(values, 2, 2).data);
  await check("globalAvgPool2d", globalAvgPool2d(x), globalAvgPool2dReference(values).data);
}
