// Stochastic gradient descent over the flat parameters of a stack.

import { Model } from "../../src/nn/model.ts";
import { sgd } from "../../src/nn/sgd.ts";
import { gradOf } from "../../src/tensor/autograd.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { assertAllClose } from "../close.ts";
import { randomInput } from "../check_op.ts";
import { gpu } from "../gpu.ts";
import { pytorchTest } from "../pytorch.ts";
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
    const model = new Model(gpu, parametersOnly, 2, 0);
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
  const model = new Model(gpu, parametersOnly, 3, 0);
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

Deno.test("sgd() takes another learning rate from the next step on", async () => {
  const model = new Model(gpu, parametersOnly, 1, 0);
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
  const model = new Model(gpu, parametersOnly, 2, 0);
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
  const model = new Model(gpu, parametersOnly, 1, 0);
  assertThrows(
    () => sgd(model, { lr: NaN }),
    RangeError,
    "Cannot make sgd: lr is NaN but a finite number of at least 0 is expected",
  );
  assertThrows(() => sgd(model, { lr: 1, weightDecay: -1 }), RangeError, "weightDecay is -1");
  model.dispose();
});
