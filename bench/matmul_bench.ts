// How long products of matrices take, forward and with both gradients.

import { matmul } from "../src/ops/matmul.ts";
import { backward } from "../src/tensor/autograd.ts";
import { matmulReference } from "../tests/reference/matmul.ts";
import { check, randomTensor, valuesOf, zeroGradients } from "./tensors.ts";
import { benchSteps, gpu } from "./throughput.ts";

/** Models, rows, terms, columns. */
const sizes: readonly (readonly [number, number, number, number])[] = [
  [1, 512, 512, 512],
  [1, 1024, 1024, 1024],
  [1, 500, 500, 500],
  [8, 16, 256, 64],
  [8, 64, 16, 256],
];

await checkForward();
for (const [stack, rows, terms, columns] of sizes) {
  const left = randomTensor([stack, rows, terms], true);
  const right = randomTensor([stack, terms, columns], true);
  const upstream = randomTensor([stack, rows, columns]);
  const gigaflop = 2 * stack * rows * terms * columns / 1e9;
  const runs = Math.min(100, Math.ceil(2 / gigaflop));
  const shape = `matmul ${stack} × ${rows}×${terms} · ${terms}×${columns}`;
  benchSteps(
    `${shape} forward`,
    { group: shape, runs, gigaflop },
    () => matmul(left, right).dispose(),
  );
  benchSteps(
    `${shape} forward + gradients`,
    { group: shape, runs: Math.ceil(runs / 3), gigaflop: 3 * gigaflop },
    () => {
      zeroGradients(left, right);
      backward(matmul(left, right), upstream);
    },
  );
}

async function checkForward(): Promise<void> {
  using _scope = gpu.scope();
  const [left, right] = [randomTensor([2, 67, 130]), randomTensor([2, 130, 71])];
  const expected = matmulReference(await valuesOf(left), await valuesOf(right));
  await check("matmul", matmul(left, right), expected.data);
}
