// Trained models side by side: the same numbers as one by one, whatever the stacks and the last batch.

import { demoDataset } from "../../src/data/demo.ts";
import type { Split } from "../../src/data/dataset.ts";
import { loadModel } from "../../src/federated/checkpoint.ts";
import { ConfigError } from "../../src/federated/errors.ts";
import { DivergenceError } from "../../src/federated/errors.ts";
import { TrainedModels } from "../../src/federated/trained_models.ts";
import { accuracy, macroF1, predictClasses, rocAucOvr } from "../../src/metrics/classification.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import { builtInNetworks } from "../../src/nn/networks.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../assert.ts";
import { assertAllClose } from "../close.ts";
import { gpu } from "../gpu.ts";
import { madeUpWeights } from "./made_up_weights.ts";

const metadata = {
  network: "vgg_nb",
  width: "0.125",
  classes: "nv,bkl,mel",
};
const workload = {
  network: builtInNetworks.vgg_nb,
  networkName: "vgg_nb",
  width: 0.125,
  classNames: ["nv", "bkl", "mel"],
  imageSize: 32,
  batchSize: 4,
} as const;
const { clients: [{ test: split }] } = await demoDataset({ seed: 3, clients: ["A"], limit: 11 });

async function named(count: number) {
  const seeds = Array.from({ length: count }, (_, seed) => seed);
  return await Promise.all(
    seeds.map(async (seed) => ({
      name: `model ${seed}`,
      tensors: await madeUpWeights(seed, workload.width),
    })),
  );
}

/** Softmax of the logits of one model, on the host, `[images, classes]`. */
async function probabilitiesOf(tensors: Map<string, HostTensor>, { images, labels }: Split) {
  const model = loadModel(gpu, { tensors, metadata });
  using _scope = gpu.scope();
  const [size, area] = [32, 32 * 32];
  const x = new Float32Array(images.length);
  images.forEach((byte, at) => {
    const [image, pixel, channel] = [
      Math.floor(at / (3 * area)),
      Math.floor(at / 3) % area,
      at % 3,
    ];
    x[(image * 3 + channel) * area + pixel] = (byte - 127.5) / 127.5;
  });
  const n = labels.length;
  const logits = await model.forward(gpu.tensor(x, [1, n, 3, size, size])).read();
  model.dispose();
  const exponentials = Array.from(logits, Math.exp);
  return exponentials.map((value, at) => {
    const row = Math.floor(at / 3) * 3;
    return value / (exponentials[row] + exponentials[row + 1] + exponentials[row + 2]);
  });
}

Deno.test("evaluate() says of each model what that model says by itself", async () => {
  const weights = await named(11); // two stacks
  const live = gpu.live;
  {
    using models = new TrainedModels(gpu, weights, workload);
    let passes = 0;
    const outcomes = await models.evaluate(split, (more) => passes += more);
    assertEquals([outcomes.length, passes], [11, 11 * 11]);
    for (const [index, { tensors }] of weights.entries()) {
      const { probabilities, metrics } = outcomes[index];
      const expected = await probabilitiesOf(tensors, split);
      // The same kernels on batches of another size; softmax in f32 against f64.
      assertAllClose(`model ${index}`, probabilities, expected, 2e-6);
      assertEquals(new Set(probabilities).size > 20, true); // they depend on the image
      const predictions = predictClasses(expected, 3);
      assertEquals(metrics.f1, macroF1(split.labels, predictions));
      assertEquals(metrics.accuracy, accuracy(split.labels, predictions));
      assertEquals(metrics.auc, rocAucOvr(split.labels, probabilities, 3)!.auc);
    }
    const distinct = new Set(outcomes.map(({ probabilities }) => probabilities[0]));
    assertEquals(distinct.size, 11);
  }
  assertEquals(gpu.live, live);
});

Deno.test("evaluate() gives the same bits whatever stands beside a model", async () => {
  const weights = await named(3);
  using all = new TrainedModels(gpu, weights, workload);
  using one = new TrainedModels(gpu, [weights[2]], workload);
  const together = await all.evaluate(split);
  const [alone] = await one.evaluate(split);
  assertEquals(alone, together[2]);
});

Deno.test("new TrainedModels() names the weights that do not fit, and keeps no memory", async () => {
  const weights = await named(2);
  const live = gpu.live;
  const wide = { ...workload, width: 0.25 };
  const wrongShape = "Cannot use model 0 as vgg_nb of width 0.25 with 3 classes: " +
    'Cannot load state: "layer1.0.conv.weight" has shape [4, 3, 3, 3] but the model\'s is [8, 3, 3, 3]';
  assertThrows(() => new TrainedModels(gpu, weights, wide), ConfigError, wrongShape);

  weights[1].tensors.delete("fc1.bn.bias");
  weights[1].tensors.set("head.weight", { shape: [1], data: new Float32Array(1) });
  assertThrows(
    () => new TrainedModels(gpu, weights, workload),
    ConfigError,
    "Cannot use model 1 as vgg_nb of width 0.125 with 3 classes: Cannot load state: " +
      "1 missing keys (fc1.bn.bias), 1 superfluous keys (head.weight)",
  );
  const huge = { ...workload, batchSize: 1 << 24 };
  assertThrows(() => new TrainedModels(gpu, weights, huge), ConfigError, "use a smaller batch");
  assertEquals(gpu.live, live);
});

Deno.test("evaluate() names the model whose weights are not numbers", async () => {
  const weights = await named(2);
  const last = { shape: [3, 8], data: new Float32Array(24).fill(NaN) };
  weights[1].tensors.set("fc2.linear.weight", last);
  using models = new TrainedModels(gpu, weights, workload);
  await assertRejects(() => models.evaluate(split), DivergenceError, "Cannot evaluate model 1: ");
});

Deno.test("evaluate() can be left early and used again", async () => {
  using models = new TrainedModels(gpu, await named(1), workload);
  const interruption = new Error("enough");
  const left = await assertRejects(
    () =>
      models.evaluate(split, () => {
        throw interruption;
      }),
    Error,
  );
  assert(left === interruption);
  assertEquals((await models.evaluate(split)).length, 1);
});

const unusable: [string, Record<string, string>, string][] = [
  ["network", { ...metadata, network: "resnet" }, 'its metadata name the network "resnet"'],
  ["width", { network: "vgg_nb", classes: "a,b" }, "its metadata have no width"],
  ["width", { ...metadata, width: "wide" }, 'its metadata name the width "wide"'],
  ["classes", { ...metadata, classes: "a,,b" }, 'its metadata name the classes "a,,b"'],
];
for (const [key, wrong, message] of unusable) {
  Deno.test(`loadModel() refuses metadata with ${key} ${wrong[key] ?? "missing"}`, () => {
    assertThrows(
      () => loadModel(gpu, { tensors: new Map(), metadata: wrong }),
      ConfigError,
      message,
    );
  });
}
