// How long training takes: a step of one model, a step of a whole federation, a communication.

import { prrfl } from "../src/federated/methods/prrfl.ts";
import { communicate } from "../src/federated/server.ts";
import type { Recording } from "../src/gpu/recording.ts";
import { sgd } from "../src/nn/sgd.ts";
import { vgg } from "../src/nn/vgg.ts";
import { crossEntropy } from "../src/ops/losses.ts";
import { RandomStream } from "../src/random.ts";
import { backward } from "../src/tensor/autograd.ts";
import { sizeOf } from "../src/tensor/shape.ts";
import { emptyTensor, type Tensor } from "../src/tensor/tensor.ts";
import { assert } from "../tests/assert.ts";
import { benchSteps, gpu } from "./throughput.ts";

const batch = 16;
const pixels = 32;
const numClasses = 3;
const arena = gpu.arena();
const counts = gpu.tensor(new Uint32Array(8).fill(batch));
const stages = gpu.tensor(new Uint32Array(4).fill(2)); // both models of each client learn from each other

for (const width of [0.25, 1]) {
  const group = `step, width ${width}`;
  const runs = width === 1 ? 1 : 8;
  const single = await trainingStep(1, width, crossEntropy);
  benchSteps(
    `training step of vgg_nb, width ${width}, batch ${batch}, 3×${pixels}×${pixels}`,
    { group, runs, gigaflop: stepWork(width) },
    () => single.replay(),
  );
  const federation = await trainingStep(
    8,
    width,
    (logits, labels) => prrfl.localLoss({ logits, labels, counts, stages }),
  );
  benchSteps(
    `PRR-FL step of 4 clients, 8 models, width ${width}`,
    { group, runs: Math.ceil(runs / 8), gigaflop: 8 * stepWork(width) },
    () => federation.replay(),
  );
  const encoding = `the host's part of the latter, width ${width}`;
  Deno.bench(encoding, { group, n: 5, warmup: 1 }, async (bench) => {
    await gpu.finish();
    bench.start();
    federation.replay();
    gpu.flush();
    bench.end();
    await gpu.finish();
  });
}

const deputies = vgg(gpu, { stack: 4, numClasses });
const clients = [0, 1, 2, 3].map((index) => ({
  ...{ model: deputies, index, weight: 1, sends: true },
}));
Deno.bench("PRR-FL communication of 4 clients, width 1", { n: 5, warmup: 1 }, async () => {
  communicate(prrfl.sharing, clients, 0.825);
  await gpu.finish();
});

/** Records a step of all models on one random batch, and sees that it lowers the loss. */
async function trainingStep(
  stack: number,
  width: number,
  lossOf: (logits: Tensor, labels: Tensor) => Tensor,
): Promise<Recording> {
  const model = vgg(gpu, { stack, numClasses, width });
  const optimizer = sgd(model, { lr: 1e-2 });
  const shape = [stack, batch, 3, pixels, pixels];
  const random = new RandomStream(stack);
  const images = Float32Array.from({ length: sizeOf(shape) }, () => 2 * random.uniform() - 1);
  const x = gpu.tensor(images, shape);
  const classes = Int32Array.from({ length: stack * batch }, (_, row) => row % numClasses);
  const labels = gpu.tensor(classes, [stack, batch]);
  const kept = emptyTensor(gpu, [stack === 1 ? 1 : stack / 2]);
  const step = gpu.record(arena, () => {
    const loss = lossOf(model.forward(x, { training: true }), labels);
    optimizer.zeroGrad();
    backward(loss);
    optimizer.step();
    gpu.copy(loss, kept);
  });
  step.replay();
  const [first] = await kept.read();
  for (let i = 0; i < 3; i++) step.replay();
  const [last] = await kept.read();
  assert(last < first, `Training does not learn: the loss went from ${first} to ${last}`);
  return step;
}

/** 10⁹ operations of a step of one model: forward, and twice that for the gradients. */
function stepWork(width: number): number {
  const blocks = [[32, 32], [64, 64], [128, 128, 128], [128, 128, 128], [256, 256, 256]];
  let inputs = 3;
  let side = pixels;
  let sum = 0;
  for (const block of blocks) {
    for (const channels of block) {
      const outputs = channels * width;
      sum += 2 * 9 * inputs * outputs * side ** 2;
      inputs = outputs;
    }
    side /= 2;
  }
  return 3 * batch * sum / 1e9;
}
