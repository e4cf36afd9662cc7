// The network of the paper: against PyTorch's numbers, and a stack of models against each alone.

import { join } from "@std/path";
import { adam } from "../../src/nn/adam.ts";
import type { Model } from "../../src/nn/model.ts";
import { sgd } from "../../src/nn/sgd.ts";
import { loadStateDict, stateDict } from "../../src/nn/state_dict.ts";
import { vgg } from "../../src/nn/vgg.ts";
import { crossEntropy } from "../../src/ops/losses.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { randomInput, randomLabels } from "../check_op.ts";
import { assertAllClose } from "../close.ts";
import { goldenTest } from "../golden.ts";
import { adapterKinds, gpu, withKernelsFor } from "../gpu.ts";
import { readGoldenCase, secondModel, stackedBehindItself } from "./golden_case.ts";

for (const bias of [false, true]) {
  const network = bias ? "vgg_b" : "vgg_nb";
  goldenTest(
    `${network} gives PyTorch's logits, loss, gradients, step and statistics`,
    async (folder) => {
      const golden = await readGoldenCase(join(folder, "nn"), network);
      const model = vgg(gpu, { stack: 2, numClasses: 3, bias, seed: 1 });
      loadStateDict(model, golden.start, 1);
      using _scope = gpu.scope();
      const x = stackedBehindItself(golden.floats("x"));
      const labels = golden.stackedLabels();

      await golden.expect("eval_logits_initial", secondModel(await model.forward(x).read()));
      const optimizer = sgd(model, { lr: 1e-2, weightDecay: 1e-6 });
      optimizer.zeroGrad();
      const logits = model.forward(x, { training: true });
      const loss = crossEntropy(logits, labels);
      backward(loss);
      await golden.expect("train_logits", secondModel(await logits.read()));
      await golden.expect("loss", secondModel(await loss.read()));
      for (const { name } of model.parameters.blocks) {
        const key = `grad.${name}`;
        if (bias && !golden.has(key)) continue; // of the biased network, some are stored
        await golden.expect(key, secondModel(await model.gradients.view(name, 2).read()));
      }
      await golden.expectState("after1", await stateDict(model, 1));

      optimizer.step();
      await golden.expectState("sgd1", await stateDict(model, 1));
      const after = await model.forward(x).read();
      await golden.expect("eval_logits_after_sgd", secondModel(after));

      loadStateDict(model, golden.calibrated(), 1);
      const calibrated = await model.forward(x).read();
      await golden.expect("eval_logits_calibrated", secondModel(calibrated));
      optimizer.dispose();
      model.dispose();
    },
  );
}

for (const bias of [false, true]) {
  const network = bias ? "vgg_b" : "vgg_nb";
  goldenTest(
    `${network} gives PyTorch's losses and state in three steps of Adam`,
    async (folder) => {
      const golden = await readGoldenCase(join(folder, "nn"), network);
      const model = vgg(gpu, { stack: 2, numClasses: 3, bias, seed: 1 });
      loadStateDict(model, golden.start, 1);
      using _scope = gpu.scope();
      const x = stackedBehindItself(golden.floats("x"));
      const labels = golden.stackedLabels();
      const optimizer = adam(model, { lr: 1e-3, weightDecay: 1e-6 });
      const losses: number[] = [];
      for (let step = 0; step < 3; step++) {
        optimizer.zeroGrad();
        const loss = crossEntropy(model.forward(x, { training: true }), labels);
        backward(loss);
        optimizer.step();
        losses.push(...secondModel(await loss.read()));
      }
      // As a whole, for where a gradient is rounding noise Adam's steps are ±lr with a random sign.
      golden.expectLength("adam_losses", losses);
      const state = await stateDict(model, 1);
      golden.expectStateLength("adam3", state);
      golden.expectStateLength("after_adam3", state);
      golden.expectLength("eval_logits_after_adam3", secondModel(await model.forward(x).read()));
      optimizer.dispose();
      model.dispose();
    },
  );
}

/** Small enough for every test below: 8, 16, 32, 32 and 64 channels. */
const small = { numClasses: 3, width: 0.25, seed: 5 };
const rows = 3;
const imageShape = [rows, 3, 32, 32];
const counts = [3, 1, 2];

/** A batch of different random images for each of some models. */
function randomBatch(models: number) {
  return {
    images: randomInput(1, [models, ...imageShape]).data,
    labels: randomLabels(2, [models, rows], 3).data as Int32Array<ArrayBuffer>,
  };
}

/** Two training steps; what the models are then, and the logits and losses on the way. */
async function train(
  model: Model,
  batch: { images: Float32Array<ArrayBuffer>; labels: Int32Array<ArrayBuffer> },
  options: { counts?: readonly number[]; rows?: number } = {},
) {
  const models = options.counts?.length ?? model.stack;
  const { rows: rowCount = rows } = options;
  const x = gpu.tensor(batch.images, [models, rowCount, ...imageShape.slice(1)]);
  const labels = gpu.tensor(batch.labels, [models, rowCount]);
  const counts = options.counts && gpu.tensor(Uint32Array.from(options.counts));
  const optimizer = sgd(model, { lr: 0.05, weightDecay: 1e-3 });
  const results: number[] = [];
  for (let step = 0; step < 2; step++) {
    using _scope = gpu.scope();
    optimizer.zeroGrad();
    const logits = model.forward(x, { training: true, counts });
    const loss = crossEntropy(logits, labels, { counts });
    backward(loss);
    optimizer.step(models);
    results.push(...await loss.read());
  }
  optimizer.dispose();
  [x, labels, counts].forEach((tensor) => tensor?.dispose());
  return { losses: results, state: await stateDict(model) };
}

for (const kind of adapterKinds) {
  Deno.test(
    `training a stack is training each model alone, bit for bit, with the kernels for a ${kind}`,
    () => withKernelsFor(kind, checkStackAgainstModels),
  );
}

async function checkStackAgainstModels(): Promise<void> {
  const live = gpu.live;
  const stack = vgg(gpu, { ...small, stack: 3 });
  const batch = randomBatch(3);
  const stacked = await train(stack, batch, { counts });
  for (const [index, count] of counts.entries()) {
    const alone = vgg(gpu, small);
    const size = batch.images.length / 3;
    const own = {
      images: batch.images.slice(index * size, (index + 1) * size),
      labels: batch.labels.slice(index * rows, (index + 1) * rows),
    };
    const { losses } = await train(alone, own, { counts: [count] });
    assertEquals(losses, [stacked.losses[index], stacked.losses[3 + index]]);
    const expected = await stateDict(stack, index);
    for (const [name, { data }] of await stateDict(alone, 0)) {
      assertEquals(data, expected.get(name)!.data, `model ${index}: ${name}`);
    }
    alone.dispose();
  }
  stack.dispose();
  assertEquals(gpu.live, live);
}

Deno.test("training a prefix of the stack leaves the other models as they were", async () => {
  const stack = vgg(gpu, { ...small, stack: 3 });
  const before = await stateDict(stack, 2);
  const { images, labels } = randomBatch(2);
  await train(stack, { images, labels }, { counts: [3, 3] });
  const after = await stateDict(stack, 2);
  for (const [name, { data }] of before) assertEquals(after.get(name)!.data, data, name);
  const trained = (await stateDict(stack, 1)).get("fc2.linear.weight")!.data;
  assert(trained.some((value, at) => value !== before.get("fc2.linear.weight")!.data[at]));
  stack.dispose();
});

Deno.test("a ragged batch trains as the smaller batch does", async () => {
  const { images, labels } = randomBatch(1);
  const ragged = vgg(gpu, small);
  const whole = vgg(gpu, small);
  const first = await train(ragged, { images, labels }, { counts: [2] });
  const second = await train(
    whole,
    { images: images.slice(0, images.length / 3 * 2), labels: labels.slice(0, 2) },
    { rows: 2 },
  );
  // Sums over the batch in another order: a few roundings in thirteen layers and two steps.
  assertAllClose("losses", first.losses, second.losses, 1e-4);
  for (const [name, { data }] of first.state) {
    const expected = Float32Array.from(second.state.get(name)!.data, Number);
    assertAllClose(name, Float32Array.from(data, Number), expected, 2e-3);
  }
  ragged.dispose();
  whole.dispose();
});

Deno.test("the same training twice gives the same bits", async () => {
  const runs = [];
  for (let run = 0; run < 2; run++) {
    const model = vgg(gpu, { ...small, stack: 2 });
    runs.push(await train(model, randomBatch(2)));
    model.dispose();
  }
  assertEquals(runs[0], runs[1]);
});

Deno.test("a training step gives back all its memory, and a second one makes no pipelines", async () => {
  const model = vgg(gpu, { ...small, stack: 2 });
  const { images, labels } = randomBatch(2);
  await train(model, { images, labels });
  const before = [gpu.live, gpu.pipelines];
  await train(model, { images, labels }, { counts: [3, 1] });
  assertEquals([gpu.live, gpu.pipelines], before);
  model.dispose();
});

Deno.test("width scales the channels of every layer, and no layer may lose all", () => {
  const sizes = (width: number) => {
    const model = vgg(gpu, { numClasses: 3, width });
    const shapes = model.parameters.blocks.map(({ shape }) => shape);
    model.dispose();
    return { model, shapes };
  };
  assertEquals(sizes(1).model.size, 2_371_104);
  const { shapes } = sizes(0.25);
  assertEquals(shapes[0], [8, 3, 3, 3]);
  assertEquals(shapes.at(-4), [16, 64]);
  assertEquals(shapes.at(-1), [3, 16]);
  assertThrows(
    () => vgg(gpu, { numClasses: 3, width: 0.01 }),
    RangeError,
    "Cannot make a network of width 0.01: a layer of 32 channels would have 0",
  );
});

Deno.test("a batch for more models than the stack has is refused", () => {
  using _scope = gpu.scope();
  const model = vgg(gpu, small);
  assertThrows(
    () => model.forward(gpu.zeros([2, ...imageShape])),
    TypeError,
    "Cannot run a stack of 1 models on a batch for 2",
  );
  model.dispose();
});
