// How long the convolutions of the network take, forward and with both gradients.

import { conv2d } from "../src/ops/conv2d.ts";
import { backward } from "../src/tensor/autograd.ts";
import { conv2dReference } from "../tests/reference/conv2d.ts";
import { check, randomTensor, valuesOf, zeroGradients } from "./tensors.ts";
import { benchSteps, gpu } from "./throughput.ts";

const batch = 16;

/** Models, input channels, output channels, height and width. */
const layers: readonly (readonly [number, number, number, number])[] = [
  [1, 3, 32, 32],
  [1, 32, 32, 32],
  [1, 32, 32, 64],
  [1, 64, 64, 16],
  [1, 64, 64, 32],
  [1, 128, 128, 8],
  [1, 256, 256, 4],
  [8, 8, 8, 32], // eight models of width 0.25
  [8, 32, 32, 8],
  [8, 64, 64, 2],
];

await checkForward();
for (const [stack, inputs, outputs, size] of layers) {
  const x = randomTensor([stack, batch, inputs, size, size], true);
  const weight = randomTensor([stack, outputs, inputs, 3, 3], true);
  const upstream = randomTensor([stack, batch, outputs, size, size]);
  const gigaflop = stack * batch * inputs * outputs * 9 * size ** 2 * 2 / 1e9;
  const runs = Math.ceil(4 / gigaflop);
  const shape = `conv2d 3×3 ${stack} × ${inputs}→${outputs}@${size}×${size}`;
  benchSteps(
    `${shape} forward`,
    { group: shape, runs, gigaflop },
    () => conv2d(x, weight, { padding: 1 }).dispose(),
  );
  benchSteps(
    `${shape} forward + gradients`,
    { group: shape, runs: Math.ceil(runs / 3), gigaflop: 3 * gigaflop },
    () => {
      zeroGradients(x, weight);
      backward(conv2d(x, weight, { padding: 1 }), upstream);
    },
  );
}

async function checkForward(): Promise<void> {
  using _scope = gpu.scope();
  const x = randomTensor([2, 3, 8, 16, 16]);
  const weight = randomTensor([2, 16, 8, 3, 3]);
  const options = { stride: 1, padding: 1 };
  const expected = conv2dReference(await valuesOf(x), await valuesOf(weight), options);
  await check("conv2d", conv2d(x, weight, { padding: 1 }), expected.data);
}
