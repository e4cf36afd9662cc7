// How long operations on single elements, broadcasting and sums take; a "FLOP" is one element.

import { add } from "../src/ops/arithmetic.ts";
import { permute } from "../src/ops/rearrange.ts";
import { sum } from "../src/ops/reduce.ts";
import { relu } from "../src/ops/relu.ts";
import { RandomStream } from "../src/random.ts";
import { backward } from "../src/tensor/autograd.ts";
import { assert } from "../tests/assert.ts";
import { benchSteps, gpu } from "./throughput.ts";

/** An activation of the network's first block: models, images, channels, height, width. */
const shape = [2, 16, 32, 64, 64];
const size = shape.reduce((product, size) => product * size, 1);
const random = new RandomStream(1);
const data = Float32Array.from({ length: size }, () => 2 * random.uniform() - 1);
const x = gpu.tensor(data, shape, { requiresGrad: true });
const upstream = gpu.tensor(data, shape);
const bias = gpu.tensor(data.slice(0, 64), [2, 1, 32, 1, 1]);

await checkRelu();
const work = { group: `elements of [${shape.join(", ")}]`, runs: 10, gigaflop: size / 1e9 };
benchSteps("relu forward", work, () => relu(x));
benchSteps("relu forward + backward", { ...work, gigaflop: 2 * work.gigaflop }, () => {
  backward(relu(x), upstream);
  x.gradient = null;
});
benchSteps("add of equal shapes", work, () => add(x, upstream));
benchSteps("add of a channel's bias", work, () => add(x, bias));
benchSteps("permute to channels last", work, () => permute(x, [0, 1, 3, 4, 2]));
benchSteps("sum of all", work, () => sum(x));
benchSteps("sum over images and pixels", work, () => sum(x, { axes: [1, 3, 4] }));

/** A wrong kernel has no speed. */
async function checkRelu(): Promise<void> {
  using _scope = gpu.scope();
  const values = await relu(x).read();
  assert(data.every((value, at) => values[at] === Math.max(value, 0)), "relu is wrong");
}
