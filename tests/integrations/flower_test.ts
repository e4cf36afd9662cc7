// PRR-FL across processes on Flower, against one process.

import { join } from "@std/path";
import { demoDataset } from "../../src/data/demo.ts";
import { planOfDataset, writeDatasetFolder } from "../../src/data/write_folder.ts";
import {
  fourierRate,
  lowAmplitudes,
  withAmplitudes,
} from "../../src/federated/aggregate/fourier.ts";
import { defaultConfig } from "../../src/federated/config.ts";
import { simulate } from "../../src/federated/simulation.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { RandomStream } from "../../src/random.ts";
import { assert, assertEquals } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { gpu } from "../gpu.ts";
import { app, flowerTest, Network, runPython } from "./flower_network.ts";
import { clients, meddledConfig, notes, settings, siteConfig } from "./flower_sites.ts";

const { rounds } = settings;

Deno.test("the Flower app asks for the Flower that its document names", async () => {
  const project = await Deno.readTextFile(join(app, "pyproject.toml"));
  const documents = await Deno.readTextFile(new URL("../../docs/flower.md", import.meta.url));
  const [, version] = project.match(/"flwr==([\d.]+)"/)!;
  assert(documents.includes(`Flower ${version}`), version);
});

flowerTest("the Flower app's own tests pass", async () => {
  const { code, text } = await runPython("-m", "unittest", "discover", "-s", "tests");
  assert(code === 0, text.slice(-5000));
  assert(/Ran [3-9]\d tests/.test(text), text.slice(-200));
});

flowerTest("a server with whole weights makes of them what sites do with amplitudes", async () => {
  using temporary = new TemporaryFolder();
  const path = (name: string) => join(temporary.path, name);
  const shapes = { "layer1.0.conv.weight": [8, 6, 3, 3], "fc1.linear.weight": [5, 64] };
  const random = new RandomStream(1, 2, 3);
  const shares = [1, 2, 5];
  const models = shares.map(() =>
    new Map(
      Object.entries(shapes).map(([name, shape]) => {
        const count = shape.reduce((product, length) => product * length, 1);
        return [name, {
          shape,
          data: Float32Array.from({ length: count }, () => 2 * random.uniform() - 1),
        }];
      }),
    )
  );
  for (const [k, model] of models.entries()) {
    await Deno.writeFile(path(`in${k}`), writeSafetensors(model));
  }
  const round = 4, all = 10, initial = 0.5;
  const { code, text } = await runPython(
    join(app, "tests/server_side.py"),
    ...[round, all, initial].map(String),
    ...shares.map((share, k) => `${path(`in${k}`)}=${share}`),
    ...["--", ...shares.map((_, k) => path(`out${k}`))],
  );
  assertEquals(code, 0, text);

  const rate = fourierRate(round, all, initial);
  for (const [name, shape] of Object.entries(shapes)) {
    using _scope = gpu.scope();
    const weights = models.map((model) => gpu.tensor(model.get(name)!.data, [1, ...shape]));
    const sent = await Promise.all(
      weights.map((weight) => lowAmplitudes(weight, { rate }).read()),
    );
    const total = shares.reduce((sum, share) => sum + share);
    const mean = sent[0].map((_, at) =>
      shares.reduce((sum, share, k) => sum + share * sent[k][at], 0) / total
    );
    const meanTensor = gpu.tensor(mean, lowAmplitudes(weights[0], { rate }).shape);
    for (const [k, weight] of weights.entries()) {
      const taken = await withAmplitudes(weight, meanTensor, { rate }).read();
      const whole = readSafetensors(await Deno.readFile(path(`out${k}`))).tensors.get(name)!;
      const own = models[k].get(name)!.data;
      const apart = taken.map((value, at) => Math.abs(value - Number(whole.data[at])));
      const moved = taken.map((value, at) => Math.abs(value - own[at]));
      // Numbers about 1, a transform in single precision on one side and in double on the other.
      assert(Math.max(...apart) < 1e-5, `${name} of client ${k}: ${Math.max(...apart)}`);
      assert(Math.max(...moved) > 0.1, `${name} of client ${k} is what it was`);
    }
  }
});

flowerTest(
  "four sites on Flower are where one process is, though two could not test once",
  async () => {
    using temporary = new TemporaryFolder();
    const { path: folder } = temporary;
    const imageSize = settings["image-size"];
    const dataset = await demoDataset({ seed: settings.seed, imageSize });
    const images = join(folder, "images");
    await Deno.mkdir(images);
    await writeDatasetFolder(images, planOfDataset(dataset), imageSize, () => {});
    await using network = await Network.start(folder, clients);
    const stranger = network.startSupernode("stranger", siteConfig("stranger", "A"));
    for (const client of ["A", "D"]) network.startSupernode(client, siteConfig(client, client));
    // What B is sent was tampered with, and C's images are gone for a while.
    network.startSupernode("B", meddledConfig(siteConfig("B", "B"), "mean@0"));
    network.startSupernode("C", meddledConfig({ ...siteConfig("C", "C"), data: images }, "data@1"));
    const run = network.startRun({ ...settings, folder: join(folder, "server") });
    await run.ended;
    const averaged = await notes(join(folder, "server"), "averaged").catch(() => []);
    assertEquals(averaged.map(({ sites }) => sites), Array(rounds).fill(clients), run.text);
    assert(run.text.includes("mean retrogress"), run.text);
    const ended = "site evaluate ended with 2: error:";
    const failed = await notes(join(folder, "server"), "failed");
    assertEquals(failed.map(({ round, site, step, why }) => [round, site, step, why]), [
      [
        ...[0, "B", "evaluate"],
        `${ended} Cannot take the mean: "layer5.2.conv.weight" holds NaN at index 560`,
      ],
      [
        ...[1, "C", "evaluate"],
        `${ended} Cannot read the data folder …: it does not exist; pass the folder that holds clientA, clientB ` +
        "and so on with --data, or --data demo",
      ],
    ]);

    // A SuperNode whose key nobody has registered is not let in.
    assert(!(await stranger.ended).success);
    assert(stranger.text.includes("SuperNode"), stranger.text);

    const events = await Array.fromAsync(simulate(gpu, {
      ...defaultConfig,
      dataset,
      ...{ width: settings.width, rounds, localEpochs: settings["local-epochs"] },
      ...{ batchSize: settings["batch-size"], seed: settings.seed, augment: "none" },
      learningRate: settings["learning-rate"],
    }));
    let compared = 0;
    for (const note of await notes(join(folder, "server"), "trained")) {
      const epochs = events.filter((event) => event.type === "epoch")
        .filter(({ round }) => round === note.round)
        .map(({ clients }) => clients.find(({ client }) => client === note.client)!);
      assertEquals(note.stages, epochs.map(({ stage }) => stage));
      assertEquals(note.test, scoresOf(epochs.at(-1)!.test));
      compared++;
    }
    for (const note of await notes(join(folder, "server"), "tested")) {
      const after = events.filter((event) => event.type === "aggregation")
        .find(({ round }) => round === note.round)!
        .clients.find(({ client }) => client === note.client)!;
      assertEquals(note.test, scoresOf(after.test));
      assertEquals(note.valid, scoresOf(after.valid));
      compared++;
    }
    assertEquals(compared, 2 * rounds * clients.length - failed.length);
    // Four halves of a quarter lose nothing: single precision gives the same mean here and there, to the last bit.
    const finals = events.filter((event) => event.type === "checkpoint")
      .filter(({ reason }) => reason === "final");
    assertEquals(finals.length, 2 * clients.length);
    for (const { client, role, tensors } of finals) {
      const file = join(folder, client, "run", "final", `client${client}_${role}.safetensors`);
      assertEquals(
        readSafetensors(await Deno.readFile(file)).tensors,
        tensors,
        `${client} ${role}`,
      );
    }
  },
);

/** Of every role what sites tell. */
function scoresOf(metrics: Readonly<Record<string, Scores>>): Record<string, Scores> {
  return Object.fromEntries(
    Object.entries(metrics).map(([role, { f1, accuracy, auc }]) => [role, { f1, accuracy, auc }]),
  );
}

interface Scores {
  readonly f1: number;
  readonly accuracy: number;
  readonly auc: number | null;
}
