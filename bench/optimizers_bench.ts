// How long a step of an optimizer takes, for one model and for those of a federation.

import { adam } from "../src/nn/adam.ts";
import type { Model } from "../src/nn/model.ts";
import type { Optimizer } from "../src/nn/optimizer.ts";
import { sgd } from "../src/nn/sgd.ts";
import { vgg } from "../src/nn/vgg.ts";
import { check, randomTensor, valuesOf } from "./tensors.ts";
import { benchSteps, gpu } from "./throughput.ts";

const lr = 1e-2;
const weightDecay = 1e-6;
/** What steps read and write, in passes over the parameters; momenta and moments are read and written too. */
const optimizers = {
  "SGD": { make: (model: Model) => sgd(model, { lr, weightDecay }), passes: 3 },
  "SGD with momentum": {
    make: (model: Model) => sgd(model, { lr, weightDecay, momentum: 0.9 }),
    passes: 5,
  },
  "Adam": { make: (model: Model) => adam(model, { lr, weightDecay }), passes: 7 },
};

for (const [name, { make, passes }] of Object.entries(optimizers)) {
  await checkStep(name, make);
  for (const stack of [1, 8]) {
    const model = modelWithGradients(stack, 1);
    const optimizer = make(model);
    const once = 4 * stack * model.size / 1e9;
    const group = `step, ${stack} × ${model.size} parameters`;
    benchSteps(
      `${name} step of vgg_nb, ${stack} × ${model.size} parameters`,
      { group, runs: Math.ceil(20 / stack), gigabyte: passes * once },
      () => optimizer.step(),
    );
  }
}

function modelWithGradients(stack: number, width: number): Model {
  using _scope = gpu.scope();
  const model = vgg(gpu, { stack, numClasses: 3, width });
  gpu.copy(randomTensor(model.gradients.whole.shape), model.gradients.whole);
  return model;
}

/** The first step by its definition: of Adam's, both corrected moments are those of the gradient itself. */
async function checkStep(name: string, make: (model: Model) => Optimizer): Promise<void> {
  const model = modelWithGradients(2, 0.125);
  const [before, gradients] = [
    (await valuesOf(model.parameters.whole)).data,
    (await valuesOf(model.gradients.whole)).data,
  ];
  const optimizer = make(model);
  optimizer.step();
  const block = model.parameters.block("layer1.0.conv.weight");
  const ours = [block.start, block.start + 2 * block.size] as const; // not the padding between parameters
  const expected = before.map((value, at) => {
    const gradient = gradients[at] + weightDecay * value;
    return value - lr * (name === "Adam" ? gradient / (Math.abs(gradient) + 1e-8) : gradient);
  });
  const after = model.parameters.view("layer1.0.conv.weight", 2);
  await check(name, after, expected.subarray(...ours));
  optimizer.dispose();
  model.dispose();
}
