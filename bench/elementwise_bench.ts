// How long operations on single elements, broadcasting and sums take: all a matter of memory.

import { add } from "../src/ops/arithmetic.ts";
import { permute } from "../src/ops/rearrange.ts";
import { sum } from "../src/ops/reduce.ts";
import { relu } from "../src/ops/relu.ts";
import { backward } from "../src/tensor/autograd.ts";
import { sizeOf } from "../src/tensor/shape.ts";
import { check, randomTensor, zeroGradients } from "./tensors.ts";
import { benchSteps, gpu } from "./throughput.ts";

/** An activation of the network's first block: models, images, channels, height, width. */
const shape = [2, 16, 32, 64, 64];
const x = randomTensor(shape, true);
const upstream = randomTensor(shape);
const bias = randomTensor([2, 1, 32, 1, 1]);

await checkRelu();
const once = 4 * sizeOf(shape) / 1e9; // a pass over such a tensor
const group = `elements of [${shape.join(", ")}]`;
const mapped = { group, runs: 10, gigabyte: 2 * once };
const summed = { group, runs: 10, gigabyte: once };
benchSteps("relu forward", mapped, () => relu(x));
benchSteps("relu forward + backward", { group, runs: 10, gigabyte: 5 * once }, () => {
  zeroGradients(x);
  backward(relu(x), upstream);
});
benchSteps(
  "add of equal shapes",
  { group, runs: 10, gigabyte: 3 * once },
  () => add(x, upstream),
);
benchSteps("add of a channel's bias", mapped, () => add(x, bias));
benchSteps("permute to channels last", mapped, () => permute(x, [0, 1, 3, 4, 2]));
benchSteps("sum of all", summed, () => sum(x));
benchSteps("sum over images and pixels", summed, () => sum(x, { axes: [1, 3, 4] }));

/** A wrong kernel has no speed. */
async function checkRelu(): Promise<void> {
  using _scope = gpu.scope();
  const expected = (await x.read()).map((value) => Math.max(value, 0));
  await check("relu", relu(x), expected);
}
