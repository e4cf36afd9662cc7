// Stochastic gradient descent over the flat parameters of a stack.

import { Model } from "../../src/nn/model.ts";
import { sgd } from "../../src/nn/sgd.ts";
import { gradOf } from "../../src/tensor/autograd.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { assertAllClose } from "../close.ts";
import { randomInput } from "../check_op.ts";
import { gpu, kernelTest } from "../gpu.ts";
import { pytorchTest, storedPytorchTest } from "../pytorch.ts";
import { parametersOnly } from "./parameters_only.ts";

/** Puts values into a parameter, or a gradient into its place. */
function set(tensor: Tensor, values: Tensor): void {
  gpu.copy(values, tensor);
}

pytorchTest<{ kind: string; lr: number; weight_decay: number; steps: number }>(
  "sgd()",
  "optim",
  async (example) => {
    const { kind, lr, weight_decay: weightDecay, steps } = example.settings;
    if (kind !== "sgd") return;
    const model = new Model(gpu, parametersOnly, { stack: 2 });
    const parameter = model.parameter("a.weight");
    set(parameter, example.floats("w0"));
    const optimizer = sgd(model, { lr, weightDecay });
    for (let step = 0; step < steps; step++) {
      optimizer.zeroGrad();
      set(gradOf(parameter), example.floats(`g${step}`));
      optimizer.step();
      await example.expect(`w${step + 1}`, parameter);
    }
    optimizer.dispose();
    model.dispose();
  },
);

Deno.test("sgd() updates every parameter of the first models and no other", async () => {
  const model = new Model(gpu, parametersOnly, { stack: 3 });
  const optimizer = sgd(model, { lr: 0.5, weightDecay: 0.1 });
  const before = new Map<string, Float32Array>();
  const gradients = new Map<string, Float32Array<ArrayBuffer>>();
  for (const { name, shape } of model.parameters.blocks) {
    const { data } = randomInput(name.length, [3, ...shape]);
    gradients.set(name, data);
    gpu.write(model.gradients.view(name, 3), data);
    before.set(name, await model.parameter(name).read() as Float32Array);
  }

  optimizer.step(2);
  for (const [name, old] of before) {
    const gradient = gradients.get(name)!;
    const expected = old.map((value, at) =>
      at < old.length / 3 * 2 ? value - 0.5 * (gradient[at] + 0.1 * value) : value
    );
    assertAllClose(name, await model.parameter(name).read(), expected, 2.4e-7, {
      op: "sgd",
      result: "parameters",
      oracle: "f64 loop",
      reason: "two roundings of values up to 2",
    });
  }
  optimizer.dispose();
  model.dispose();
});

storedPytorchTest<{
  rates: readonly number[];
  weight_decay: number;
  momentum: number;
  nesterov: boolean;
}>("sgd() with momentum", "sgd_momentum", async (example) => {
  const { rates, weight_decay: weightDecay, momentum, nesterov } = example.settings;
  const model = new Model(gpu, parametersOnly, { stack: 2 });
  const parameter = model.parameter("a.weight");
  set(parameter, example.floats("w0"));
  const optimizer = sgd(model, { lr: 1, weightDecay, momentum, nesterov });
  for (const [step, lr] of rates.entries()) {
    optimizer.setLearningRate(lr);
    optimizer.zeroGrad();
    set(gradOf(parameter), example.floats(`g${step}`));
    optimizer.step();
    await example.expect(`w${step + 1}`, parameter);
  }
  await example.expect("buffer", optimizer.memory.momentum_buffer.view("a.weight", 2));
  optimizer.dispose();
  model.dispose();
});

/** One element, step by step, in double precision. */
function withMomentum(start: number, gradient: number, steps: number, nesterov: boolean): number {
  let [value, buffer] = [start, 0];
  for (let step = 0; step < steps; step++) {
    const g = gradient + 0.1 * value;
    buffer = step === 0 ? g : 0.8 * buffer + g;
    value -= 0.05 * (nesterov ? g + 0.8 * buffer : buffer);
  }
  return value;
}

/** Models whose gradients stay, and what both are. Of several, each has numbers of its own. */
async function randomModels(stack: number, first = 0) {
  const model = new Model(gpu, parametersOnly, { stack });
  const gradients = new Map<string, Float32Array>();
  for (const { name, shape, size } of model.parameters.blocks) {
    const draw = (seed: number) =>
      randomInput(name.charCodeAt(0) + seed, [3, ...shape]).data.slice(
        first * size,
        (first + stack) * size,
      );
    gpu.write(model.parameter(name), draw(10));
    gradients.set(name, draw(0));
    gpu.write(model.gradients.view(name, stack), draw(0));
  }
  return { model, before: await valuesOf(model), gradients };
}

async function valuesOf(model: Model): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const { name } of model.parameters.blocks) {
    values.set(name, await model.parameter(name).read() as Float32Array);
  }
  return values;
}

const remembering = { lr: 0.05, weightDecay: 0.1, momentum: 0.8 };

for (const nesterov of [false, true]) {
  const op = `sgd() with momentum${nesterov ? " and nesterov" : ""}`;

  kernelTest(`${op} remembers the steps of each model, whichever prefix takes part`, async () => {
    const live = gpu.live;
    const { model, before, gradients } = await randomModels(3);
    const optimizer = sgd(model, { ...remembering, nesterov });
    const prefixes = [2, 1, 3, 2, 3];
    for (const models of prefixes) optimizer.step(models);
    for (const [name, values] of await valuesOf(model)) {
      const size = values.length / 3;
      const expected = before.get(name)!.map((start, at) => {
        const steps = prefixes.filter((models) => models > Math.floor(at / size)).length;
        return withMomentum(start, gradients.get(name)![at], steps, nesterov);
      });
      assertAllClose(name, values, expected, 6e-7, {
        op: "sgd",
        result: "parameters",
        oracle: "f64 loop",
        reason: "five steps of two roundings of values up to 2",
      });
    }
    optimizer.dispose();
    model.dispose();
    assertEquals(gpu.live, live);
  });

  Deno.test(`${op} gives each model of a stack what it gives it alone, bit for bit`, async () => {
    const finals = async (stack: number, first: number) => {
      const { model } = await randomModels(stack, first);
      const optimizer = sgd(model, { ...remembering, nesterov });
      for (let step = 0; step < 3; step++) optimizer.step();
      const values = await valuesOf(model);
      optimizer.dispose();
      model.dispose();
      return values;
    };
    const stacked = await finals(3, 0);
    for (const index of [0, 1, 2]) {
      for (const [name, alone] of await finals(1, index)) {
        const { length } = alone;
        const inStack = stacked.get(name)!.slice(index * length, (index + 1) * length);
        assertEquals(alone, inStack, `${name} of model ${index}`);
      }
    }
  });
}

Deno.test("sgd() with momentum advances in replays of a recorded step as in steps, bit for bit", async () => {
  const results: Map<string, Float32Array>[] = [];
  for (const recorded of [false, true]) {
    const { model } = await randomModels(2);
    const optimizer = sgd(model, remembering);
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

Deno.test("sgd() with momentum is as new after reset()", async () => {
  const { model, before } = await randomModels(2);
  const optimizer = sgd(model, remembering);
  const runs: Map<string, Float32Array>[] = [];
  for (let run = 0; run < 2; run++) {
    for (const [name, values] of before) gpu.write(model.parameter(name), values.slice());
    optimizer.reset();
    optimizer.step();
    optimizer.step();
    runs.push(await valuesOf(model));
  }
  assertEquals(runs[0], runs[1]);
  optimizer.dispose();
  model.dispose();
});

Deno.test("sgd() without momentum remembers nothing, and its first step is the same with it", async () => {
  const finals = async (momentum?: number) => {
    const { model } = await randomModels(2);
    const optimizer = sgd(model, { ...remembering, momentum });
    assertEquals(Object.keys(optimizer.memory), momentum ? ["momentum_buffer"] : []);
    optimizer.step();
    const values = await valuesOf(model);
    optimizer.dispose();
    model.dispose();
    return values;
  };
  const plain = await finals();
  assertEquals(await finals(0), plain);
  assertEquals(await finals(0.9), plain);
});

Deno.test("sgd() takes another learning rate from the next step on", async () => {
  const model = new Model(gpu, parametersOnly);
  const optimizer = sgd(model, { lr: 1 });
  const parameter = model.parameter("b.weight");
  gpu.write(parameter, Float32Array.of(8));
  gpu.write(gradOf(parameter), Float32Array.of(1));
  optimizer.step();
  optimizer.setLearningRate(0.25);
  optimizer.step();
  assertEquals([...await parameter.read()], [6.75]);
  optimizer.dispose();
  model.dispose();
});

Deno.test("zeroGrad() zeroes the gradients of all models", async () => {
  const live = gpu.live;
  const model = new Model(gpu, parametersOnly, { stack: 2 });
  const optimizer = sgd(model, { lr: 1 });
  for (const { name, shape } of model.parameters.blocks) {
    gpu.write(model.gradients.view(name, 2), randomInput(1, [2, ...shape]).data);
  }
  optimizer.zeroGrad();
  for (const { name } of model.parameters.blocks) {
    const values = await gradOf(model.parameter(name)).read();
    assertEquals([...values], new Array(values.length).fill(0), name);
  }
  optimizer.dispose();
  model.dispose();
  assertEquals(gpu.live, live);
});

Deno.test("sgd() rejects options that are out of range", () => {
  const model = new Model(gpu, parametersOnly);
  assertThrows(
    () => sgd(model, { lr: NaN }),
    RangeError,
    "Cannot make sgd: lr is NaN but a finite number of at least 0 is expected",
  );
  assertThrows(() => sgd(model, { lr: 1, weightDecay: -1 }), RangeError, "weightDecay is -1");
  assertThrows(() => sgd(model, { lr: 1, momentum: Infinity }), RangeError, "momentum is Infinity");
  assertThrows(
    () => sgd(model, { lr: 1, nesterov: true }),
    RangeError,
    "Cannot make sgd: nesterov is true and momentum is 0 but a momentum above 0 is expected",
  );
  model.dispose();
});
