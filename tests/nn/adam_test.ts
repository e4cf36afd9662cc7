// Adam over the flat parameters of a stack.

import { adam } from "../../src/nn/adam.ts";
import { Model } from "../../src/nn/model.ts";
import { gradOf } from "../../src/tensor/autograd.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { randomInput } from "../check_op.ts";
import { assertAllClose } from "../close.ts";
import { gpu } from "../gpu.ts";
import { pytorchTest } from "../pytorch.ts";
import { parametersOnly } from "./parameters_only.ts";

pytorchTest<{ kind: string; lr: number; weight_decay: number; steps: number }>(
  "adam()",
  "optim",
  async (example) => {
    const { kind, lr, weight_decay: weightDecay, steps } = example.settings;
    if (kind !== "adam") return;
    const model = new Model(gpu, parametersOnly, { stack: 2 });
    const parameter = model.parameter("a.weight");
    gpu.copy(example.floats("w0"), parameter);
    const optimizer = adam(model, { lr, weightDecay });
    for (let step = 0; step < steps; step++) {
      optimizer.zeroGrad();
      gpu.copy(example.floats(`g${step}`), gradOf(parameter));
      optimizer.step();
      await example.expect(`w${step + 1}`, parameter);
    }
    optimizer.dispose();
    model.dispose();
  },
);

const options = { lr: 0.02, betas: [0.8, 0.99], eps: 1e-3, weightDecay: 0.1 } as const;

/** One element, step by step, in double precision. */
class AdamReference {
  #m = 0;
  #v = 0;
  #t = 0;

  step(value: number, gradient: number): number {
    const { lr, betas: [beta1, beta2], eps, weightDecay } = options;
    const g = gradient + weightDecay * value;
    this.#t++;
    this.#m = beta1 * this.#m + (1 - beta1) * g;
    this.#v = beta2 * this.#v + (1 - beta2) * g * g;
    const m = this.#m / (1 - beta1 ** this.#t);
    const v = this.#v / (1 - beta2 ** this.#t);
    return value - lr * m / (Math.sqrt(v) + eps);
  }
}

const compared = { op: "adam", result: "parameters", oracle: "f64 loop" } as const;

/** A model of random parameters and gradients, and what its parameters are. */
function randomModel() {
  const model = new Model(gpu, parametersOnly, { stack: 3, seed: 4 });
  const gradients = new Map<string, Float32Array>();
  for (const { name, shape } of model.parameters.blocks) {
    const { data } = randomInput(name.charCodeAt(0), [3, ...shape]);
    gradients.set(name, data);
    gpu.write(model.gradients.view(name, 3), data);
  }
  return { model, gradients };
}

async function valuesOf(model: Model): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const { name } of model.parameters.blocks) {
    values.set(name, await model.parameter(name).read() as Float32Array);
  }
  return values;
}

Deno.test("adam() counts the steps of each model by itself, whichever prefix takes part", async () => {
  const { model, gradients } = randomModel();
  const before = await valuesOf(model);
  const optimizer = adam(model, options);
  const prefixes = [2, 1, 3, 2, 3];
  for (const models of prefixes) optimizer.step(models);
  for (const [name, values] of await valuesOf(model)) {
    const size = values.length / 3;
    const expected = before.get(name)!.map((start, at) => {
      const reference = new AdamReference();
      const steps = prefixes.filter((models) => models > Math.floor(at / size)).length;
      let value = start;
      for (let t = 0; t < steps; t++) value = reference.step(value, gradients.get(name)![at]);
      return value;
    });
    assertAllClose(name, values, expected, 6e-7, {
      ...compared,
      reason: "five roundings of values up to 1, and of five updates",
    });
  }
  optimizer.dispose();
  model.dispose();
});

Deno.test("adam() advances in replays of a recorded step as in steps, bit for bit", async () => {
  const results: Map<string, Float32Array>[] = [];
  for (const recorded of [false, true]) {
    const { model } = randomModel();
    const optimizer = adam(model, options);
    using arena = gpu.arena();
    const step = recorded
      ? gpu.record(arena, () => optimizer.step())
      : { replay: () => optimizer.step() };
    for (let t = 0; t < 4; t++) step.replay();
    results.push(await valuesOf(model));
    optimizer.dispose();
    model.dispose();
  }
  assertEquals(results[0], results[1]);
});

Deno.test("adam() stays exact over a thousand replays", async () => {
  const live = gpu.live;
  const model = new Model(gpu, parametersOnly);
  const optimizer = adam(model, options);
  const parameter = model.parameter("b.weight");
  gpu.write(parameter, Float32Array.of(8));
  gpu.write(gradOf(parameter), Float32Array.of(1));
  const reference = new AdamReference();
  let expected = 8;
  {
    using arena = gpu.arena();
    const step = gpu.record(arena, () => optimizer.step());
    for (let t = 0; t < 1000; t++) {
      step.replay();
      expected = reference.step(expected, 1);
    }
    assertAllClose("parameter", await parameter.read(), [expected], 5e-4, {
      ...compared,
      reason: "a path of 20 in 1,000 roundings",
    });
  }
  optimizer.dispose();
  model.dispose();
  assertEquals(gpu.live, live);
});

Deno.test("adam() is as new after reset(), and takes another learning rate", async () => {
  const steps = async (prepare: (model: Model) => ReturnType<typeof adam>) => {
    const { model } = randomModel();
    const optimizer = prepare(model);
    optimizer.step();
    optimizer.step();
    const values = await valuesOf(model);
    optimizer.dispose();
    model.dispose();
    return values;
  };
  const fresh = await steps((model) => adam(model, options));
  const reset = await steps((model) => {
    const start: Tensor = gpu.zeros(model.parameters.whole.shape);
    gpu.copy(model.parameters.whole, start);
    const optimizer = adam(model, { ...options, lr: 1 });
    optimizer.step();
    optimizer.reset();
    optimizer.setLearningRate(options.lr);
    gpu.copy(start, model.parameters.whole);
    start.dispose();
    return optimizer;
  });
  assertEquals(reset, fresh);
});

Deno.test("adam() rejects options that are out of range", () => {
  const model = new Model(gpu, parametersOnly);
  assertThrows(
    () => adam(model, { lr: -1 }),
    RangeError,
    "Cannot make adam: lr is -1 but a finite number of at least 0 is expected",
  );
  assertThrows(
    () => adam(model, { lr: 1, betas: [0.9, 1] }),
    RangeError,
    "Cannot make adam: betas[1] is 1 but a finite number of at least 0 and below 1 is expected",
  );
  assertThrows(() => adam(model, { lr: 1, eps: NaN }), RangeError, "eps is NaN");
  assertThrows(() => adam(model, { lr: 1, weightDecay: Infinity }), RangeError, "weightDecay is");
  model.dispose();
});
