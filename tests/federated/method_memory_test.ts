// What methods remember: FedProx's term against its definition in double precision, and a step with it by hand.

import { MethodMemory } from "../../src/federated/clients/method_memory.ts";
import { setupOf } from "../../src/federated/clients/setup.ts";
import { fedprox } from "../../src/federated/methods/fedprox.ts";
import { sgd } from "../../src/nn/sgd.ts";
import { vgg } from "../../src/nn/vgg.ts";
import { RandomStream } from "../../src/random.ts";
import type { Model } from "../../src/nn/model.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertAllClose } from "../close.ts";
import { gpu } from "../gpu.ts";
import { config } from "./small_federation.ts";

const small = { stack: 3, numClasses: 3, bias: true, width: 0.125 };

/** FedProx's memory of models, with the anchor where they are now. */
function proximalTerm(model: Model, proximalMu: number): MethodMemory {
  const memory = new MethodMemory(setupOf(gpu, { ...config, method: fedprox, proximalMu }), model);
  memory.beforeRound();
  return memory;
}

/** Other weights in every model. */
function randomize(model: Model, seed: number): void {
  const random = new RandomStream(seed);
  const length = model.parameters.whole.size;
  gpu.write(
    model.parameters.whole,
    Float32Array.from({ length }, () => random.uniform() - 0.5),
  );
}

/** All parameters of one model, in a row. */
async function parametersOf(model: Model, index: number): Promise<Float32Array> {
  const places = model.parameters.blocks.map(({ name }) => model.parameters.ofModel(name, index));
  return new Float32Array(await gpu.read(...places));
}

Deno.test("addGradientTerm() adds mu times the way from the anchor, for every parameter of every model", async () => {
  using _scope = gpu.scope();
  const mu = 0.3;
  const model = vgg(gpu, { ...small, seed: 1 });
  randomize(model, 1);
  const term = proximalTerm(model, mu);
  const anchor = await model.parameters.whole.read() as Float32Array;
  randomize(model, 2);
  const random = new RandomStream(3);
  const gradients = Float32Array.from(anchor, () => random.uniform() - 0.5);
  gpu.write(model.gradients.whole, gradients);

  term.addGradientTerm();

  const weights = await model.parameters.whole.read();
  const actual = await model.gradients.whole.read();
  let largest = 0;
  for (const { name, start, size } of model.parameters.blocks) { // between them lies anything
    const slice = (values: ArrayLike<number>) =>
      Array.from({ length: small.stack * size }, (_, i) => values[start + i]);
    const [w, a, g] = [weights, anchor, gradients].map(slice);
    const expected = g.map((value, i) => value + mu * (w[i] - a[i]));
    assertAllClose(name, slice(actual), expected, 1.2e-7); // two roundings of numbers below 1
    largest = Math.max(largest, ...expected.map((value, i) => Math.abs(value - g[i])));
  }
  assert(largest > 0.25 * mu, "the weights have not moved away from the anchor");
  term.dispose();
  model.dispose();
});

Deno.test("a step with the term is w − lr·(g + mu·(w − anchor)), of the models that take part", async () => {
  using _scope = gpu.scope();
  const [mu, lr] = [2, 0.1];
  const model = vgg(gpu, { ...small, seed: 1 });
  const optimizer = sgd(model, { lr });
  randomize(model, 1);
  const term = proximalTerm(model, mu);
  const anchors = await Promise.all([0, 1, 2].map((index) => parametersOf(model, index)));
  randomize(model, 2);
  const before = await Promise.all([0, 1, 2].map((index) => parametersOf(model, index)));

  optimizer.zeroGrad();
  term.addGradientTerm(); // the loss's own gradient is 0
  optimizer.step(2);

  for (const index of [0, 1]) {
    const expected = before[index].map((w, i) => w - lr * mu * (w - anchors[index][i]));
    assertAllClose(`model ${index}`, await parametersOf(model, index), expected, 2e-7);
  }
  assertEquals(await parametersOf(model, 2), before[2]);
  term.dispose();
  optimizer.dispose();
  model.dispose();
});

Deno.test("beforeRound() moves the anchor to where the models are", async () => {
  using _scope = gpu.scope();
  const model = vgg(gpu, { ...small, seed: 1 });
  const term = proximalTerm(model, 1);
  randomize(model, 2);
  term.beforeRound();
  model.zeroGrad();
  term.addGradientTerm();
  for (const { name } of model.parameters.blocks) {
    const gradient = await model.gradients.view(name, small.stack).read();
    assert(gradient.every((value) => value === 0), name);
  }
  term.dispose();
  model.dispose();
});
