// A simulation that goes on from a state: the rest of it is, bit for bit, what it would have been.

import { ConfigError } from "../../src/federated/errors.ts";
import type { SimulationEvent, StateEvent } from "../../src/federated/events.ts";
import { describePosition } from "../../src/federated/recovery/position.ts";
import type { SimulationState } from "../../src/federated/recovery/state.ts";
import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "../assert.ts";
import { gpu } from "../gpu.ts";
import { type Changes, config, dataset, eventsOf, simulated } from "./small_federation.ts";

const base: Changes = {
  localEpochs: 2,
  evaluateEvery: 1,
  stateEvery: "epoch",
  parallelClients: 3,
};

/** Runs that differ in what they have to remember; `parallelClients` of what goes on from their states. */
const runs: Record<string, { changes: Changes; regrouped: number }> = {
  "prrfl whose clients sit out rounds": {
    changes: { method: "prrfl", participation: 0.5, rounds: 3, augment: "full" },
    regrouped: 1,
  },
  "prrfl with Adam": {
    changes: { method: "prrfl", optimizer: "adam", learningRate: 1e-3 },
    regrouped: 4,
  },
  "fedprox, every round": {
    changes: { method: "fedprox", proximalMu: 1, rounds: 3, stateEvery: "round" },
    regrouped: 2,
  },
  "scaffold whose clients sit out rounds": {
    changes: { method: "scaffold", participation: 0.5, rounds: 3, serverLearningRate: 0.6 },
    regrouped: 1,
  },
  "fedprox, every epoch": { changes: { method: "fedprox", proximalMu: 1 }, regrouped: 2 },
};

const isState = (event: SimulationEvent): event is StateEvent => event.type === "state";

for (const [name, { changes, regrouped }] of Object.entries(runs)) {
  Deno.test(`simulate() goes on from every state of ${name} as if it had not been stopped`, async () => {
    const whole = await eventsOf({ ...base, ...changes });
    const states = whole.filter(isState);
    const { rounds = 2, stateEvery = "epoch" } = changes;
    assertEquals(states.length, stateEvery === "round" ? rounds : 3 * rounds);
    const live = gpu.live;
    for (const [k, told] of states.entries()) {
      if (k % 2 !== 0) continue; // half of them: they take their time
      const resumed = await eventsOf({
        ...base,
        ...changes,
        parallelClients: regrouped,
        resumeFrom: told.state,
      });
      const expected = whole.slice(whole.indexOf(told) + 1);
      assertSameEvents(resumed.slice(1), expected, `from ${describePosition(told.state.position)}`);
    }
    assertEquals(gpu.live, live);
  });
}

/** States list their tensors group by group, which says nothing. */
function assertSameEvents(actual: SimulationEvent[], expected: SimulationEvent[], where: string) {
  assertEquals(actual.map(({ type }) => type), expected.map(({ type }) => type), where);
  const sorted = (event: SimulationEvent) =>
    isState(event) ? { ...event.state, tensors: sortedTensors(event.state) } : event;
  actual.forEach((event, k) => {
    assertEquals(sorted(event), sorted(expected[k]), `${event.type} ${where}`);
  });
}

function sortedTensors({ tensors }: SimulationState) {
  return [...tensors].toSorted(([a], [b]) => a < b ? -1 : 1);
}

Deno.test("simulate() compares the last round with the best one of the state", async () => {
  const changes = { method: "local", rounds: 10, localEpochs: 1 } as const;
  let state: SimulationState | null = null;
  for await (const event of simulated({ ...config, ...changes, stateEvery: "round" })) {
    if (isState(event)) state = event.state;
    if (state !== null) break;
  }
  const best = { f1: 101, round: 8 }; // percent: cannot be surpassed
  const resumed = await eventsOf({
    ...changes,
    resumeFrom: { ...state!, position: { at: "round", round: 9 }, best },
  });
  const done = resumed.at(-1)!;
  assertEquals(done.type === "done" && done.bestRound, 8);
  assert(!resumed.some((event) => event.type === "checkpoint" && event.reason === "best"));
});

Deno.test("simulate() tells no state unless it is asked to", async () => {
  assertEquals((await eventsOf({ rounds: 1 })).filter(isState), []);
});

Deno.test("simulate() takes a state without a setting that came later for one with its default", async () => {
  const { state } = (await eventsOf({ rounds: 1, stateEvery: "round" })).find(isState)!;
  const { lastBatch, ...older } = state.configuration;
  assertEquals(lastBatch, "keep");
  const resumeFrom = { ...state, configuration: older };
  assertEquals((await eventsOf({ rounds: 1, resumeFrom })).at(-1)!.type, "done");
  await assertRejects(
    () => eventsOf({ rounds: 1, resumeFrom, lastBatch: "join" }),
    ConfigError,
    "with lastBatch keep but now it is join;",
  );
});

Deno.test("simulate() refuses the state of another run and names what differs", async () => {
  const { state } = (await eventsOf({ rounds: 1, stateEvery: "round" })).find(isState)!;
  const fewer = dataset.clients.map((client) => ({
    ...client,
    valid: {
      ...client.valid,
      images: client.valid.images.slice(32 * 32 * 3),
      labels: client.valid.labels.slice(1),
    },
  }));
  const { test } = dataset.clients[1];
  const labels = test.labels.with(0, (test.labels[0] + 1) % 3);
  const relabelled = { ...dataset.clients[1], test: { ...test, labels } };
  const others: [Changes, string][] = [
    [{ width: 0.25 }, "width 0.0625 but now it is 0.25"],
    [{ method: "pfa" }, "method prrfl but now it is pfa; resume with what it was"],
    [
      { width: 0.25, seed: 8 },
      "with width 0.0625 but now it is 0.25, with seed 7 but now it is 8;",
    ],
    [{ dataset: { ...dataset, classNames: ["a", "b", "c"] } }, "now it is a, b, c"],
    [{ dataset: { ...dataset, clients: dataset.clients.slice(1) } }, "clients A, B, C, D but"],
    [{ dataset: { ...dataset, clients: fewer } }, "images of client A "],
    [
      { dataset: { ...dataset, clients: dataset.clients.with(1, relabelled) } },
      "the checksum of client B's test images and labels ",
    ],
  ];
  const changed = dataset.clients.map((client) => ({
    ...client,
    valid: client.test,
    test: client.valid,
  }));
  others.push([
    { width: 0.25, seed: 8, dataset: { ...dataset, clients: changed } },
    ", and 5 more things of clients differ; resume with",
  ]);
  for (const [changes, message] of others) {
    const resumed = () => eventsOf({ rounds: 1, ...changes, resumeFrom: state });
    await assertRejects(resumed, ConfigError, message);
  }
  const [name, tensor] = [...state.tensors][0];
  const reshaped = new Map(state.tensors).set(name, { ...tensor, shape: [1] });
  const broken: [Partial<SimulationState>, string][] = [
    [
      { position: { at: "round", round: 1 } },
      "the state is of the start of round 1, but there are 1 rounds",
    ],
    [
      { position: { at: "epoch", round: 0, epoch: 0 } },
      "the state is of round 0, epoch 0, but there are 1 rounds",
    ],
    [{ tensors: new Map() }, "The state does not fit the network: "],
    [{ tensors: reshaped }, "has shape [1]"],
  ];
  for (const [changes, message] of broken) {
    const resumed = () => eventsOf({ rounds: 1, resumeFrom: { ...state, ...changes } });
    await assertRejects(resumed, ConfigError, message);
  }
  assert(state.tensors.size > 0);
});

Deno.test("a state tells which kernels its run went by", async () => {
  const before = gpu.kernels;
  const told = async () =>
    (await eventsOf({ ...base, method: "local", rounds: 1 })).filter(isState)
      .map(({ state }) => state.kernels);
  assertEquals(new Set(await told()), new Set(["by the rules"]));
  try {
    gpu.kernels = new Map([["convolution of another shape", "tiles.wgsl multiply 32x64/1"]]);
    const [tuned] = await told();
    assertMatch(tuned, /^tuned [0-9a-f]{16}$/);
    gpu.kernels = new Map([["convolution of another shape", "tiles.wgsl multiply 32x64/2"]]);
    assertNotEquals((await told())[0], tuned);
  } finally {
    gpu.kernels = before;
  }
});
