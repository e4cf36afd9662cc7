// Numbers that go bad end a run in time, or it goes on without the client, the same however it is cut up.

import { ConfigError, DivergenceError } from "../../src/federated/errors.ts";
import type { SimulationEvent, StateEvent } from "../../src/federated/events.ts";
import { builtInMethods } from "../../src/federated/methods/registry.ts";
import { epochsOver } from "../../src/federated/recovery/position.ts";
import type { SimulationState } from "../../src/federated/recovery/state.ts";
import { retrogress } from "../../src/metrics/retrogress.ts";
import { scale } from "../../src/ops/arithmetic.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { gpu } from "../gpu.ts";
import { Poison, type Target } from "./poison.ts";
import { type Changes, clientNames, config, dataset, simulated } from "./small_federation.ts";

const isState = (event: SimulationEvent): event is StateEvent => event.type === "state";
/** Local epochs of its round that are over. */
const epochsOf = ({ state }: StateEvent) => epochsOver(state.position, base.localEpochs);
const clientC = 2;
const stepsOfC = Math.ceil(dataset.clients[clientC].train.labels.length / config.batchSize);
/** A NaN in the last layer reaches every loss. */
const lastLayer: Target = { client: clientC, role: "deputy", parameter: "fc2.linear.weight" };

const base = {
  ...config,
  ...{ method: "prrfl", optimizer: "adam", learningRate: 1e-3, localEpochs: 3 },
  ...{ stateEvery: "epoch", onNan: "skip-client" },
} as const satisfies Changes;

/** All events but progress; the poison is given after the first local epoch of the run. */
async function poisoned(
  changes: Changes,
  target: Target = lastLayer,
): Promise<SimulationEvent[]> {
  const whole = { ...base, ...changes };
  using poison = new Poison(gpu, whole);
  const events: SimulationEvent[] = [];
  for await (const event of simulated(whole)) {
    if (event.type === "progress") continue;
    events.push(event);
    const isFirst = isState(event) && event.state.position.round === 0 && epochsOf(event) === 1;
    if (isFirst) poison.give(target);
  }
  return events;
}

const reference = await poisoned({});

Deno.test("simulate() tells which client is skipped, at which step, and who sends without it", () => {
  const [divergence, ...others] = reference.filter((event) => event.type === "divergence");
  assertEquals(others, []);
  assertEquals(divergence, {
    type: "divergence",
    ...{ round: 0, epoch: 1, client: "C", role: "deputy", step: 0, steps: stepsOfC },
    cause: "the loss of an image is NaN",
  });
  const aggregations = reference.filter((event) => event.type === "aggregation");
  const without = clientNames.filter((name) => name !== "C");
  assertEquals(aggregations.map(({ senders }) => senders), [without, clientNames]);
  const epochs = reference.filter((event) => event.type === "epoch");
  const [, second] = epochs;
  assertEquals(second.clients[clientC].train, null);
  const trained = epochs.map(({ clients }) => clients[clientC].train !== null);
  assertEquals(trained, [true, false, false, true, true, true]);
});

Deno.test("a skipped client's model that was put back is no part of a communication's change", async () => {
  const events = await poisoned({ method: "fedavg" }, { ...lastLayer, role: "local" });
  const aggregations = events.filter((event) => event.type === "aggregation");
  assertEquals(aggregations.map(({ receivers }) => receivers), [clientNames, clientNames]);
  const { role, communications } = retrogress(events);
  const counted = communications.map(({ clients }) => clients.map(({ client }) => client));
  assertEquals([role, ...counted], [
    "local",
    clientNames.filter((name) => name !== "C"),
    clientNames,
  ]);
});

Deno.test("simulate() puts a skipped client back to where the round began", () => {
  const at = (round: number, epoch: number) => {
    const { state } = reference.filter(isState)
      .find((event) => event.state.position.round === round && epochsOf(event) === epoch)!;
    return [...state.tensors].filter(([name]) => /^2\.\w+\.(parameters|buffers)\./.test(name) // without Adam's memory
    ).toSorted(([a], [b]) => a < b ? -1 : 1);
  };
  for (const [round, epoch] of [[0, 2], [0, 3], [1, 0]]) {
    assertEquals(at(round, epoch), at(0, 0), `round ${round}, epoch ${epoch}`);
  }
  assert(JSON.stringify(at(1, 1)) !== JSON.stringify(at(0, 0)));
});

Deno.test("no state of a run holds numbers that are not finite", () => {
  const states = reference.filter(isState);
  assertEquals(states.length, 8);
  for (const told of states) {
    const { position: { round }, tensors } = told.state;
    const epoch = epochsOf(told);
    for (const [name, { data }] of tensors) {
      assert((data as Float32Array).every(Number.isFinite), `${name} in ${round}, ${epoch}`);
    }
  }
});

for (const parallelClients of [1, 3]) {
  Deno.test(`simulate() skips a client with the same bits in groups of ${parallelClients}`, async () => {
    assertSameEvents(await poisoned({ parallelClients }), reference);
  });
}

Deno.test("simulate() goes on with a client skipped as if it had not been stopped", async () => {
  const live = gpu.live;
  for (const told of reference.filter(isState)) {
    const { round } = told.state.position;
    const epoch = epochsOf(told);
    if (round > 0 || epoch < 2) continue; // before that nobody is skipped
    const resumed = simulated({ ...base, parallelClients: 3, resumeFrom: told.state });
    const events = (await Array.fromAsync(resumed)).filter(({ type }) => type !== "progress");
    assertSameEvents(events, [reference[0], ...reference.slice(reference.indexOf(told) + 1)]);
  }
  assertEquals(gpu.live, live);
});

Deno.test("simulate() with stop goes on from a state in which a client is skipped", async () => {
  const { state } = reference.filter(isState).find((event) => epochsOf(event) === 3)!;
  const expected = reference.find((event) => event.type === "aggregation");
  for await (const event of simulated({ ...base, onNan: "stop", resumeFrom: state })) {
    if (event.type !== "aggregation") continue;
    assertEquals(event, expected);
    break;
  }
});

/** The run event apart, which tells the grouping; states list their tensors group by group, which says nothing. */
function assertSameEvents(
  actual: readonly SimulationEvent[],
  expected: readonly SimulationEvent[],
): void {
  assertEquals(actual.map(({ type }) => type), expected.map(({ type }) => type));
  const sorted = (event: SimulationEvent) => {
    if (!isState(event)) return event;
    const tensors = [...event.state.tensors].toSorted(([a], [b]) => a < b ? -1 : 1);
    return { ...event.state, tensors };
  };
  actual.slice(1).forEach((event, k) => assertEquals(sorted(event), sorted(expected[k + 1])));
}

Deno.test("simulate() gives a skipped client what all receive", async () => {
  const target = { ...lastLayer, role: "local" };
  const events = await poisoned({ method: "fedavg", rounds: 2 }, target);
  assertEquals(events.filter(({ type }) => type === "divergence").length, 1);
  const [{ receivers }] = events.filter((event) => event.type === "aggregation");
  assertEquals(receivers, clientNames);
  const { state } = events.filter(isState).find(({ state }) => state.position.round === 1)!;
  const weights = [...clientNames.keys()]
    .map((client) => state.tensors.get(`${client}.local.parameters.fc2.linear.weight`)!.data);
  for (const other of weights) assertEquals(other, weights[clientC]);
});

Deno.test("simulate() stops where a weight is not finite that no loss has shown", async () => {
  const target = { client: 1, role: "deputy", parameter: "layer2.0.conv.weight" };
  const whole = { ...base, onNan: "stop" } as const;
  using poison = new Poison(gpu, whole);
  poison.giveAfter(2, target);
  const events: SimulationEvent[] = [];
  const steps = Math.ceil(dataset.clients[1].train.labels.length / config.batchSize);
  const live = gpu.live;
  await assertRejects(
    async () => {
      for await (const event of simulated(whole)) events.push(event);
    },
    DivergenceError,
    `Training of client B's deputy model has diverged in round 1, local epoch 2, step ${steps} of ` +
      `${steps}: a weight is not finite; the likely cause is a learning rate that is too high (0.001 in this round)`,
  );
  assertEquals(gpu.live, live);
  const { state } = events.findLast(isState)!;
  assertEquals(state.position, { at: "epoch", round: 0, epoch: 1 });
});

Deno.test("simulate() skips a client for a weight too, whatever the loss says", async () => {
  using poison = new Poison(gpu, base);
  poison.giveAfter(2, { client: 1, role: "personal", parameter: "layer2.0.conv.weight" });
  const steps = Math.ceil(dataset.clients[1].train.labels.length / config.batchSize);
  for await (const event of simulated(base)) {
    if (event.type === "epoch") assert(event.epoch === 0); // told before what the epoch came to
    if (event.type !== "divergence") continue;
    const { round, epoch, client, role, step, cause } = event;
    assertEquals([round, epoch, client, role, step], [0, 1, "B", "personal", steps]);
    assertEquals(cause, "a weight is not finite");
    break;
  }
});

Deno.test("simulate() stops where all clients have diverged", async () => {
  const changes = { ...base, optimizer: "sgd", learningRate: 1e30 } as const;
  const events: SimulationEvent[] = [];
  await assertRejects(
    async () => {
      for await (const event of simulated(changes)) events.push(event);
    },
    DivergenceError,
    "all clients of the round have diverged, so that nobody is left to go on with",
  );
  const skipped = events.filter((event) => event.type === "divergence");
  assertEquals(skipped.map(({ client }) => client).toSorted(), clientNames);
});

Deno.test("simulate() stops where the communication makes numbers bad", async () => {
  const method = {
    ...builtInMethods.fedavg,
    sharing: {
      ...builtInMethods.fedavg.sharing!,
      receivers: "senders" as const,
      exchange: () => ({
        title: "aggregated",
        together: (sent: Parameters<typeof scale>[0]) => scale(scale(sent, 3e38), 3e38),
      }),
    },
  };
  await assertRejects(
    () => Array.fromAsync(simulated({ ...config, method, onNan: "skip-client" })),
    DivergenceError,
    "local model has diverged at the end of round 1, after the communication: a weight is not finite",
  );
});

Deno.test("simulate() skips clients from a state of a run that would have stopped, between rounds", async () => {
  const changes = { ...base, localEpochs: 2, onNan: "stop" } as const;
  const states: SimulationState[] = [];
  for await (const event of simulated(changes)) {
    if (isState(event)) states.push(event.state);
    if (event.type === "aggregation" && states.length >= 4) break;
  }
  const resumed = (state: SimulationState) =>
    Array.fromAsync(simulated({ ...changes, onNan: "skip-client", resumeFrom: state }));
  const between = states.find(({ position }) => position.at === "round" && position.round === 1)!;
  assertEquals((await resumed(between)).at(-1)!.type, "done");
  const amid = states.find(({ position }) => position.at === "epoch")!;
  const message = 'the state was taken within round 1 of a run with "stop"';
  await assertRejects(() => resumed(amid), ConfigError, message);
});
