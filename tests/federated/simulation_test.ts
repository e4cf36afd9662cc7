// Promises of simulate() that hold for any data: repeatable, independent of grouping, nothing left behind.

import type { Dataset, Split } from "../../src/data/dataset.ts";
import { demoDataset } from "../../src/data/demo.ts";
import { defaultConfig, type SimulationConfig } from "../../src/federated/config.ts";
import { ConfigError } from "../../src/federated/errors.ts";
import type {
  AggregationEvent,
  CheckpointEvent,
  EpochEvent,
  PredictionsEvent,
  SimulationEvent,
} from "../../src/federated/events.ts";
import { DivergenceError } from "../../src/federated/errors.ts";
import { fingerprints } from "../../src/federated/fingerprint.ts";
import { simulate } from "../../src/federated/simulation.ts";
import { accuracy, predictClasses } from "../../src/metrics/classification.ts";
import { assert, assertEquals, assertNotEquals, assertRejects } from "../assert.ts";
import { assertAllClose } from "../close.ts";
import { gpu } from "../gpu.ts";

/** Four clients with 5 to 13 training images: two batches or one, all ragged. */
const dataset = await demoDataset({
  seed: 3,
  imageSize: 32,
  trainSize: 36,
  validSize: 24,
  testSize: 24,
});

const config: SimulationConfig = {
  ...defaultConfig,
  dataset,
  width: 0.125,
  rounds: 2,
  localEpochs: 2,
  batchSize: 8,
  seed: 7,
};

async function eventsOf(changes: Partial<SimulationConfig> = {}): Promise<SimulationEvent[]> {
  const events: SimulationEvent[] = [];
  for await (const event of simulate(gpu, { ...config, ...changes })) {
    if (event.type !== "progress") events.push(event); // these follow the clock
  }
  return events;
}

function checkpointsOf(events: readonly SimulationEvent[]): CheckpointEvent[] {
  return events.filter((event) => event.type === "checkpoint");
}

const reference = await eventsOf();

Deno.test("simulate() gives the same events, bit for bit, when run again", async () => {
  assertEquals(await eventsOf(), reference);
});

Deno.test("simulate() tells what data it has and what its method shares", async () => {
  const [run] = await eventsOf({ rounds: 1, localEpochs: 1, method: "fedbn" });
  assert(run.type === "run");
  assertEquals(run.fingerprint, fingerprints(dataset).whole);
  assertEquals(run.shares, {
    ...{ conv: "averaged", linear: "averaged", bias: "averaged", norm: null, statistics: null },
  });
});

Deno.test("simulate() gives other results with another seed", async () => {
  const other = await eventsOf({ seed: 8 });
  assertNotEquals(checkpointsOf(other), checkpointsOf(reference));
});

for (const parallelClients of [1, 3]) {
  Deno.test(`simulate() gives the same bits with ${parallelClients} parallel clients as with all`, async () => {
    const events = await eventsOf({ parallelClients });
    assertEquals(events.slice(1), reference.slice(1)); // the first tells the number
  });
}

Deno.test("simulate() trains with Adam, whatever the grouping", async () => {
  const changes = { optimizer: "adam", learningRate: 1e-3 } as const;
  const events = await eventsOf(changes);
  assertNotEquals(checkpointsOf(events), checkpointsOf(await eventsOf({ learningRate: 1e-3 })));
  assertEquals((await eventsOf({ ...changes, parallelClients: 3 })).slice(1), events.slice(1));
});

Deno.test("simulate() makes Adam anew in every round", async () => {
  const lastLosses = async (changes: Partial<SimulationConfig>) => {
    const events = await eventsOf({
      ...changes,
      optimizer: "adam",
      localEpochs: 1,
      shuffle: false,
      augment: "none",
    });
    const last = events.findLast((event) => event.type === "epoch")!;
    return last.clients.flatMap(({ batchLosses }) => Object.values(batchLosses!).flat());
  };
  const alone = await lastLosses({ rounds: 1, learningRate: 1e-2 });
  // A first round that moves nothing, but would fill Adam's memory.
  const second = await lastLosses({
    rounds: 2,
    learningRate: 1e-20,
    learningRateStep: 1,
    learningRateGamma: 1e18,
  });
  assertAllClose("losses", second, alone, 1e-4); // the communication of equal models rounds
});

Deno.test("simulate() lowers the learning rate every so many rounds, for the events and for the weights", async () => {
  const rates = { learningRate: 0.1, learningRateStep: 2, learningRateGamma: 0.5 };
  const short = { ...{ method: "local", localEpochs: 1, augment: "none" } as const };
  const events = await eventsOf({ ...short, ...rates, rounds: 5 });
  const told = events.filter((event) => event.type === "round");
  assertAllClose(
    "rates",
    told.map(({ learningRate }) => learningRate),
    [0.1, 0.1, 0.05, 0.05, 0.025],
    1e-15,
  );
  // A rate that has fallen to nothing moves no weight, and the round before it was not lowered yet.
  const stopped = { ...short, learningRateStep: 1, learningRateGamma: 1e-30 };
  const weightsAfter = async (rounds: number) =>
    checkpointsOf(await eventsOf({ ...stopped, rounds }))
      .filter(({ reason }) => reason === "final")
      .map(({ tensors }) => tensors.get("layer3.1.conv.weight")!.data);
  assertEquals(await weightsAfter(2), await weightsAfter(1));
});

Deno.test("simulate() shuffles every client's images in an order of its own, a new one every epoch", async () => {
  const [first] = dataset.clients;
  // All clients are one and the same but for their index, so that only the shuffle tells them apart.
  const alike = ["A", "B"].map((name) => ({ ...first, name }));
  const lossesOf = async (shuffle: boolean) => {
    const events = await eventsOf({
      ...{ method: "local", augment: "none", shuffle, learningRate: 1e-20 } as const,
      ...{ rounds: 1, localEpochs: 2, dataset: { ...dataset, clients: alike } },
    });
    return events.filter((event) => event.type === "epoch")
      .flatMap(({ clients }) => clients.map(({ batchLosses }) => batchLosses!.local));
  };
  const [a, b, aNext] = await lossesOf(true);
  assertNotEquals(a, b);
  assertNotEquals(a, aNext);
  const [c, d] = await lossesOf(false);
  assertEquals(c, d);
});

Deno.test("simulate() tells a run from its first round to its checkpoints", () => {
  const epochs = ["stage", "epoch", "stage", "epoch"];
  const checkpoints = (reason: string) => new Array(8).fill(reason);
  const kinds = reference.map((event) => event.type === "checkpoint" ? event.reason : event.type);
  assertEquals(kinds, [
    "run",
    ...["round", ...epochs, "aggregation"],
    ...["round", ...epochs.slice(0, -1), "predictions", "epoch"],
    ...["spectra", "predictions", "aggregation"],
    ...[...checkpoints("best"), ...checkpoints("final")],
    "done",
  ]);
});

Deno.test("simulate() starts every round with stage 1 and reports clients in the dataset's order", () => {
  for (const event of reference) {
    if (event.type !== "stage") continue;
    assertEquals(event.clients.map(({ client }) => client), ["A", "B", "C", "D"]);
    if (event.epoch === 0) assertEquals(event.clients.map(({ stage }) => stage), [1, 1, 1, 1]);
  }
});

Deno.test("simulate() trains mutually and evaluates nothing beforehand with one local epoch", async () => {
  const events = await eventsOf({ localEpochs: 1, rounds: 1 });
  const stages = events.filter((event) => event.type === "stage");
  assertEquals(stages.length, 1);
  for (const { stage, decision } of stages[0].clients) assertEquals([stage, decision], [4, null]);
});

Deno.test("simulate() changes the deputies by communication but neither personal models nor norms", async () => {
  const before = await firstModels({ rounds: 1, localEpochs: 1 });
  const after = await firstModels({ rounds: 1, localEpochs: 1, fourierRate: 0 });
  for (const [key, tensors] of before) {
    for (const [name, { data }] of tensors) {
      const shared = key.endsWith("deputy") && /(conv|linear)\.weight/.test(name);
      const same = after.get(key)!.get(name)!.data;
      if (shared && name === "layer3.1.conv.weight") assertNotEquals(data, same);
      if (!shared) assertEquals(data, same, `${key} ${name}`);
    }
  }
});

/** Final tensors by client and role. */
async function firstModels(changes: Partial<SimulationConfig>) {
  const finals = checkpointsOf(await eventsOf(changes)).filter(({ reason }) => reason === "final");
  return new Map(finals.map(({ client, role, tensors }) => [`${client} ${role}`, tensors]));
}

Deno.test("simulate() continues from given weights", async () => {
  const [{ tensors }] = checkpointsOf(reference);
  const events = await eventsOf({ initialState: tensors, rounds: 1, localEpochs: 1 });
  const counter = "layer1.0.bn.num_batches_tracked";
  const first = tensors.get(counter)!.data[0] as bigint;
  const last = checkpointsOf(events)[0].tensors.get(counter)!.data[0] as bigint;
  assertEquals(last - first, BigInt(Math.ceil(dataset.clients[0].train.labels.length / 8)));
});

Deno.test("simulate() aggregates networks whose channels are no products of twos and threes", async () => {
  const events = await eventsOf({ width: 5 / 32, rounds: 1, localEpochs: 1 }); // 5, 10, 20, 40
  assertEquals(events.at(-1)!.type, "done");
});

Deno.test("simulate() gives back all memory, also when it is left early", async () => {
  const live = gpu.live;
  for await (const event of simulate(gpu, config)) {
    assert(gpu.live > live);
    if (event.type === "epoch") break;
  }
  assertEquals(gpu.live, live);
});

Deno.test("simulate() holds no more memory after a round than after the one before", async () => {
  const counts: string[] = [];
  for await (const event of simulate(gpu, { ...config, rounds: 3 })) {
    if (event.type === "aggregation") counts.push(`${gpu.live} ${gpu.pooled} ${gpu.pipelines}`);
  }
  assertEquals(counts[2], counts[1]);
});

Deno.test("simulate() ends with a clear error when training diverges", async () => {
  const live = gpu.live;
  await assertRejects(
    () => eventsOf({ learningRate: 1e30 }),
    DivergenceError,
    "Training of client A's personal model has diverged in round 1, local epoch 1, step ",
  );
  assertEquals(gpu.live, live);
});

Deno.test("simulate() takes as many clients at a time as fit the adapter", async () => {
  const { adapter } = gpu;
  const limits = { ...adapter.limits, maxStorageBufferBindingSize: 2 ** 20 };
  Object.assign(gpu, { adapter: { ...adapter, limits } });
  try {
    const [run] = await eventsOf({ rounds: 1, localEpochs: 1 });
    assert(run.type === "run");
    assertEquals(run.parallelClients, 3);
    await assertRejects(
      () => eventsOf({ parallelClients: 4 }),
      ConfigError,
      "Cannot simulate 4 parallel clients: the parameters of all their models take 1.2 MiB, but adapter",
    );
  } finally {
    Object.assign(gpu, { adapter });
  }
});

/** The data with another valid split of client A. */
function withValid(changes: Partial<Split>): Dataset {
  const [first, ...others] = dataset.clients;
  return { ...dataset, clients: [{ ...first, valid: { ...first.valid, ...changes } }, ...others] };
}

function withLabel(label: number): Int32Array {
  return dataset.clients[0].valid.labels.with(0, label);
}

const mistakes: readonly (readonly [string, Partial<SimulationConfig>, string])[] = [
  ["no rounds", { rounds: 0 }, "rounds is 0 but has to be a whole number of at least 1"],
  ["a negative learning rate", { learningRate: -1 }, "learningRate is -1"],
  ["a seed that is no 32-bit number", { seed: 1.5 }, "seed is 1.5"],
  [
    "a last batch of one image",
    { batchSize: 4 },
    "batches of 4), which batch normalization cannot use; add --last-batch join,",
  ],
  [
    "a client whose images do not fill a batch, where the last one is dropped",
    { batchSize: 8, lastBatch: "drop" },
    "--last-batch drop leaves out what does not; choose a smaller batch size",
  ],
  ["a last batch that is nothing", { lastBatch: "pad" as "keep" }, 'lastBatch is "pad" but has to'],
  ["a fraction of a client", { parallelClients: 0.5 }, "parallelClients is 0.5"],
  ["a memory limit of nothing", { memoryLimit: 0 }, "memoryLimit is 0"],
  [
    "a memory limit in which not even one client fits",
    { memoryLimit: 1 },
    "Cannot simulate a single client in 1 MiB of memory: about ",
  ],
  [
    "more parallel clients than the memory limit allows",
    { memoryLimit: 8, parallelClients: 4 },
    "raise the memory limit, or choose fewer parallel clients, or make one of them smaller: batch size 8",
  ],
  ["a network without channels", { width: 0.001 }, "would have 0"],
  ["a method that does not exist", { method: "fedfoo" as "prrfl" }, 'method is "fedfoo"'],
  ["an optimizer that does not exist", { optimizer: "sg" as "sgd" }, 'optimizer is "sg"'],
  ["a split without images", { dataset: withValid({ labels: new Int32Array() }) }, "is empty"],
  [
    "a label of no class",
    { dataset: withValid({ labels: withLabel(3) }) },
    "label 3 but there are 3",
  ],
  [
    "labels between two classes",
    { dataset: withValid({ labels: Float32Array.of(0.5) as unknown as Int32Array }) },
    "has labels of Float32Array but an Int32Array is needed",
  ],
  [
    "images that are not bytes",
    { dataset: withValid({ images: new Float32Array(24 * 32 * 32) as unknown as Uint8Array }) },
    "has images of Float32Array but a Uint8Array of RGB bytes is needed",
  ],
  [
    "two clients of one name",
    { dataset: { ...dataset, clients: [dataset.clients[0], dataset.clients[0]] } },
    "two clients are called A; give each a name of its own",
  ],
  [
    "a client without a name",
    { dataset: { ...dataset, clients: [{ ...dataset.clients[0], name: "" }] } },
    "a client's name is empty",
  ],
  [
    "no method",
    { method: null as unknown as "prrfl" },
    "method is null but has to be one of local",
  ],
  [
    "a number as text",
    { rounds: "3" as unknown as number },
    'rounds is "3" but has to be a whole number of at least 1, not a text',
  ],
  [
    "a switch that is none",
    { shuffle: 1 as unknown as boolean },
    "shuffle is 1 but has to be true",
  ],
  [
    "a setting that does not exist",
    { round: 3 } as Partial<SimulationConfig>,
    'there is no option "round", did you mean rounds?',
  ],
  ["images of another size", { dataset: { ...dataset, imageSize: 64 } }, "labels ask for"],
  [
    "weights of another network",
    { initialState: new Map() },
    "The initial state does not fit the network: ",
  ],
  [
    "weights that are not finite",
    { initialState: new Map([["w", { shape: [1], data: Float32Array.of(NaN) }]]) },
    '"w" of the initial state holds numbers that are not finite',
  ],
];

for (const [name, changes, message] of mistakes) {
  Deno.test(`simulate() rejects ${name} before its first event`, async () => {
    const live = gpu.live;
    const events = simulate(gpu, { ...config, ...changes });
    await assertRejects(() => events.next(), ConfigError, message);
    assertEquals(gpu.live, live);
  });
}

Deno.test("simulate() evaluates within local epochs, on the side of a training that stays the same", async () => {
  const batchSize = 5; // clients take 1 to 3 steps
  const usual = await eventsOf({ batchSize });
  const measured = await eventsOf({ batchSize, evaluateEvery: 1 });
  const evaluations = measured.filter((event) => event.type === "evaluation");
  assertEquals(measured.filter((event) => event.type !== "evaluation"), usual);
  assertEquals(
    await eventsOf({ batchSize, evaluateEvery: 1, parallelClients: 1 }).then(withoutRun),
    withoutRun(measured),
  );

  const { steps } = evaluations[0];
  const places = evaluations.map(({ round, epoch, step }) => [round, epoch, step]);
  const expected = [0, 1].flatMap((round) =>
    [0, 1].flatMap((epoch) => [...Array(steps - 1).keys()].map((step) => [round, epoch, step + 1]))
  );
  assertEquals(places, expected);
  const [first] = evaluations;
  const end = measured.find((event) => event.type === "epoch")!;
  const smallest = dataset.clients.reduce((a, b) =>
    b.train.labels.length < a.train.labels.length ? b : a
  );
  const own = (event: typeof first | typeof end, client: string) =>
    event.clients.find((member) => member.client === client)!.test;
  assertNotEquals(first.mean, end.mean);
  const last = evaluations.findLast(({ round, epoch }) => round === 0 && epoch === 0)!;
  assertEquals(own(last, smallest.name), own(end, smallest.name)); // it has finished the epoch
});

Deno.test("simulate() evaluates every so many steps, and not twice at the end", async () => {
  const measured = await eventsOf({ batchSize: 5, evaluateEvery: 2, rounds: 1, localEpochs: 1 });
  const evaluations = measured.filter((event) => event.type === "evaluation");
  assertEquals(evaluations.map(({ step, steps }) => [step, steps]), [[2, 3]]);
});

function withoutRun(events: readonly SimulationEvent[]): readonly SimulationEvent[] {
  return events.slice(1);
}

Deno.test("simulate() tells at the end what the models say of every test image, before and after", () => {
  const told = reference.filter((event) => event.type === "predictions");
  assertEquals(told.map(({ view }) => view), ["before", "after"]);
  expectPredictions(told[0], reference.findLast((event) => event.type === "epoch")!);
  expectPredictions(told[1], reference.findLast((event) => event.type === "aggregation")!);
});

Deno.test("simulate() tells of a method that shares nothing once what its models say", async () => {
  const events = await eventsOf({ method: "local", rounds: 1, localEpochs: 1 });
  const told = events.filter((event) => event.type === "predictions");
  assertEquals(told.map(({ view }) => view), ["after"]);
});

Deno.test("simulate() tells which test images show one lesion or patient, by numbers", async () => {
  const clients = dataset.clients.map((client, k) => {
    const { labels } = client.test;
    const groups = Array.from(labels, (_, row) => row === 1 ? null : `lesion ${row >> 2}`);
    return k === 2 ? client : { ...client, test: { ...client.test, groups } };
  });
  const short = { ...dataset, clients };
  const settings = { method: "local" as const, rounds: 1, localEpochs: 1 };
  const events = await eventsOf({ ...settings, dataset: short });
  const told = events.find((event) => event.type === "predictions")!;
  assertEquals([...told.clients[0].groups!].slice(0, 6), [0, 1, 0, 0, 2, 2]);
  assertEquals(told.clients[0].groups!.length, clients[0].test.labels.length);
  assertEquals(told.clients[2].groups, undefined);
  assert(!JSON.stringify(events).includes("lesion 0"));
  const [first, ...rest] = clients;
  const wrong = { ...first, test: { ...first.test, groups: ["one"] } };
  await assertRejects(
    () => eventsOf({ ...settings, dataset: { ...dataset, clients: [wrong, ...rest] } }),
    ConfigError,
    "labels but 1 groups",
  );
});

/** @param end tells the metrics that they must have */
function expectPredictions(predictions: PredictionsEvent, end: EpochEvent | AggregationEvent) {
  assertEquals([predictions.round, end.round], [1, 1]);
  predictions.clients.forEach(({ client, labels, probabilities }, k) => {
    assertEquals(labels, dataset.clients[k].test.labels);
    for (const [role, scores] of Object.entries(probabilities)) {
      assertEquals(scores.length, labels.length * 3);
      for (let row = 0; row < labels.length; row++) {
        const [a, b, c] = scores.subarray(3 * row);
        assertAllClose(`${client} ${role} ${row}`, [a + b + c], [1], 1e-6); // four roundings
      }
      const expected = end.clients[k].test[role].accuracy;
      assertAllClose(
        `${client} ${role}`,
        [accuracy(labels, predictClasses(scores, 3))],
        [expected],
        1e-12,
      );
    }
  });
}

Deno.test("simulate() shows at the end what the last communication did to the spectra of a layer", () => {
  const [{ layer, round, rate, clients }] = reference.filter((event) => event.type === "spectra");
  const end = reference.findLast((event) => event.type === "aggregation")!;
  assertEquals({ layer, round, rate }, {
    layer: "layer1.1.conv.weight",
    round: end.round,
    rate: end.rate,
  });
  const finals = checkpointsOf(reference).filter(({ reason, role }) =>
    reason === "final" && role === "deputy"
  );
  clients.forEach(({ client, before, after }, k) => {
    assertEquals([before.rows, before.columns], [12, 12]);
    // The amplitude at frequency 0 is the absolute value of the sum of all weights.
    const { data } = finals[k].tensors.get(layer)!;
    const sum = Math.abs((data as Float32Array).reduce((sum, value) => sum + value, 0));
    const [mean, own] = [clients.map(({ before }) => before), [after]].map((spectra) =>
      spectra.reduce((sum, { amplitudes }) => sum + amplitudes[6 * 12 + 6], 0) / spectra.length
    );
    assertAllClose(client, [own], [sum], 1e-5); // 144 terms of order 0.1
    assertAllClose(client, [own], [mean], 1e-5);
  });
});

Deno.test("simulate() shows spectra of chosen layers around every communication, if asked to", async () => {
  const spectraLayers = ["layer1.0.conv.weight", "layer2.0.conv.weight"];
  const control = { spectraEvery: "round", spectraLayers } as const;
  const events = await Array.fromAsync(simulate(gpu, config, control));
  const spectra = events.filter((event) => event.type === "spectra");
  assertEquals(
    spectra.map(({ round, layer }) => [round, layer]),
    [0, 1].flatMap((round) => spectraLayers.map((layer) => [round, layer])),
  );
  // It changes nothing else; and its last ones are told without being asked, of the layer that is told then.
  const others = (event: SimulationEvent) => !["spectra", "state", "progress"].includes(event.type);
  assertEquals(events.filter(others), reference.filter(others));
  await assertRejects(
    () => Array.fromAsync(simulate(gpu, config, { spectraLayers: ["layer1.0.bn.weight"] })),
    ConfigError,
    'spectra of "layer1.0.bn.weight"',
  );
  const word = { spectraLayers: "layer1.0.conv.weight" as unknown as string[] };
  await assertRejects(
    () => Array.fromAsync(simulate(gpu, config, word)),
    ConfigError,
    "spectraLayers is layer1.0.conv.weight but has to be a list",
  );
});
