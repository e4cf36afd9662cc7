// How long products of matrices take, forward and with both gradients.

import { matmul } from "../src/ops/matmul.ts";
import { RandomStream } from "../src/random.ts";
import { backward } from "../src/tensor/autograd.ts";
import { type Shape, sizeOf } from "../src/tensor/shape.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { assert } from "../tests/assert.ts";
import { relativeError } from "../tests/close.ts";
import { matmulReference } from "../tests/reference/matmul.ts";
import { benchSteps, gpu } from "./throughput.ts";

/** Models, rows, terms, columns. */
const sizes: readonly (readonly [number, number, number, number])[] = [
  [1, 512, 512, 512],
  [1, 1024, 1024, 1024],
  [1, 500, 500, 500],
  [8, 16, 256, 64],
  [8, 64, 16, 256],
];

function randomTensor(shape: Shape, requiresGrad = false): Tensor {
  const stream = new RandomStream(sizeOf(shape));
  const data = Float32Array.from({ length: sizeOf(shape) }, () => stream.uniform() - 0.5);
  return gpu.tensor(data, shape, { requiresGrad });
}

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
      backward(matmul(left, right), upstream);
      left.gradient = right.gradient = null;
    },
  );
}

/** A wrong kernel has no speed. */
async function checkForward(): Promise<void> {
  using _scope = gpu.scope();
  const [left, right] = [randomTensor([2, 67, 130]), randomTensor([2, 130, 71])];
  const [a, b] = [await left.read(), await right.read()].map((data) => Float64Array.from(data));
  const expected = matmulReference(
    { shape: left.shape, data: a },
    { shape: right.shape, data: b },
  );
  const error = relativeError(await matmul(left, right).read(), expected.data);
  assert(error < 1e-6, `matmul is wrong: relative error ${error}`);
}
