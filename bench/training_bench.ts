// How long training takes: a step of one model, a step of a whole federation, a communication.

import { transferLoss } from "../src/federated/methods/local_losses.ts";
import { prrfl } from "../src/federated/methods/prrfl.ts";
import { communicate } from "../src/federated/server/communicate.ts";
import { vgg } from "../src/nn/vgg.ts";
import { crossEntropy } from "../src/ops/losses.ts";
import { assert } from "../tests/assert.ts";
import { benchRuns, benchSteps, gpu } from "./throughput.ts";
import {
  batch,
  numClasses,
  recordTrainingStep,
  type StepOptions,
  stepWork,
  type TrainingStep,
} from "./training_step.ts";

const counts = gpu.tensor(new Uint32Array(8).fill(batch));
const stages = gpu.tensor(new Uint32Array(4).fill(2)); // both models of each client learn from each other

for (const width of [0.25, 1]) {
  const pixels = 32;
  const group = `step, width ${width}`;
  const runs = width === 1 ? 1 : 8;
  const gigaflop = stepWork(width, pixels);
  const single = await learningStep({ stack: 1, width, pixels, lossOf: crossEntropy });
  benchSteps(stepName(width, pixels), { group, runs, gigaflop }, () => single.step.replay());
  const federation = await learningStep({
    ...{ stack: 8, width, pixels },
    lossOf: (logits, labels) => transferLoss({ logits, labels, counts, stages }),
  });
  benchSteps(
    `PRR-FL step of 4 clients, 8 models, width ${width}`,
    { group, runs: Math.ceil(runs / 8), gigaflop: 8 * gigaflop },
    () => federation.step.replay(),
  );
  const encoding = `the host's part of the latter, width ${width}`;
  Deno.bench(encoding, { group, n: 5, warmup: 1 }, async (bench) => {
    await gpu.finish();
    bench.start();
    federation.step.replay();
    gpu.flush();
    bench.end();
    await gpu.finish();
  });
}

// A software adapter takes five seconds for one step of the paper's own size.
for (const pixels of gpu.adapter.kind === "gpu" ? [64, 128] : [64]) {
  const gigaflop = stepWork(1, pixels);
  const { step } = await learningStep({ stack: 1, width: 1, pixels, lossOf: crossEntropy });
  const name = stepName(1, pixels);
  benchSteps(name, { group: "larger images", runs: 1, gigaflop }, () => step.replay());
}

const deputies = vgg(gpu, { stack: 4, numClasses });
const clients = [0, 1, 2, 3].map((index) => ({
  ...{ model: deputies, index, weight: 1, sends: true },
}));
const communication = "PRR-FL communication of 4 clients, width 1";
benchRuns(communication, { group: "communication", runs: 1 }, async () => {
  communicate(prrfl.sharing!, clients, 0.825);
  await gpu.finish();
});

function stepName(width: number, pixels: number): string {
  return `training step of vgg_nb, width ${width}, batch ${batch}, 3×${pixels}×${pixels}`;
}

/** Records a step, and sees that it lowers the loss. */
async function learningStep(options: StepOptions): Promise<TrainingStep> {
  const recorded = recordTrainingStep(gpu, options);
  recorded.step.replay();
  const [first] = await recorded.losses.read();
  for (let i = 0; i < 3; i++) recorded.step.replay();
  const [last] = await recorded.losses.read();
  assert(last < first, `Training does not learn: the loss went from ${first} to ${last}`);
  return recorded;
}
