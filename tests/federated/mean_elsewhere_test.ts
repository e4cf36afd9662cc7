// Clients that are simulated one by one, with the mean made elsewhere, against all of them in one run.

import { demoDataset } from "../../src/data/demo.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { meanOverClients } from "../../src/federated/aggregate/average.ts";
import { defaultConfig, type SimulationConfig } from "../../src/federated/config.ts";
import type { RunControl } from "../../src/federated/control.ts";
import { ConfigError } from "../../src/federated/errors.ts";
import type { AggregationEvent, SimulationEvent } from "../../src/federated/events.ts";
import type { SimulationState } from "../../src/federated/recovery/state.ts";
import type { HostMessage } from "../../src/federated/server/host_messages.ts";
import { simulate } from "../../src/federated/simulation.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";
import { gpu } from "../gpu.ts";

const dataset = await demoDataset({
  ...{ seed: 3, imageSize: 32, trainSize: 72, validSize: 24, testSize: 24 },
});
const config: SimulationConfig = {
  ...defaultConfig,
  ...{ dataset, width: 0.0625, rounds: 3, localEpochs: 2, batchSize: 8, seed: 7 },
};

/** The data of a site: one client, which knows its place. */
function siteOf(place: number): Dataset {
  return { ...dataset, clients: [{ ...dataset.clients[place], place }] };
}

/** What a site has told and sent until it had to wait. */
interface Leg {
  readonly events: SimulationEvent[];
  readonly state: SimulationState | null;
  readonly sent: HostMessage | null;
}

/** A site goes on with the mean of a round, trains the next one, and waits. */
async function leg(
  changes: Partial<SimulationConfig>,
  resumeFrom: SimulationState | null,
  mean: { readonly round: number; readonly tensors: HostMessage } | null,
): Promise<Leg> {
  let sent: HostMessage | null = null;
  const control: RunControl = {
    resumeFrom,
    stateEvery: "round",
    meanElsewhere: (message, { round }) => {
      if (round === mean?.round) return Promise.resolve(mean.tensors);
      sent = message;
      return Promise.resolve(null);
    },
  };
  const all = await Array.fromAsync(simulate(gpu, { ...config, ...changes }, control));
  const states = all.filter((event) => event.type === "state");
  const events = all.filter(({ type }) => type !== "progress" && type !== "state");
  return { events, state: states.at(-1)?.state ?? null, sent };
}

/** Summed as in the server of one process, so that the last bits are the same; weights alike. */
async function meanOf(messages: readonly HostMessage[]): Promise<HostMessage> {
  const mean = new Map<string, HostTensor>();
  for (const [name, { shape }] of messages[0]) {
    using _scope = gpu.scope();
    const parts = messages.map((message) => message.get(name)!.data as Float32Array);
    const all = gpu.tensor(
      Float32Array.from(parts.flatMap((part) => [...part])),
      [parts.length, ...shape],
    );
    const data = await meanOverClients(all).read() as Float32Array<ArrayBuffer>;
    mean.set(name, { shape, data });
  }
  return mean;
}

/** All events of four sites. */
async function eventsOfSites(changes: Partial<SimulationConfig>): Promise<SimulationEvent[][]> {
  const places = dataset.clients.map((_, place) => place);
  const told: SimulationEvent[][] = places.map(() => []);
  let states: (SimulationState | null)[] = places.map(() => null);
  let mean: { round: number; tensors: HostMessage } | null = null;
  const { rounds } = { ...config, ...changes };
  for (let round = 0; round <= rounds; round++) {
    const legs: Leg[] = [];
    for (const place of places) {
      legs.push(await leg({ ...changes, dataset: siteOf(place) }, states[place], mean));
    }
    legs.forEach(({ events }, place) => told[place].push(...events));
    states = legs.map(({ state }) => state);
    if (round === rounds) break;
    mean = { round, tensors: await meanOf(legs.map(({ sent }) => sent!)) };
  }
  return told;
}

function finals(events: readonly SimulationEvent[]) {
  return events.filter((event) => event.type === "checkpoint")
    .filter(({ reason }) => reason === "final");
}

/** PRR-FL has three rounds: the stages that it decides on change. */
const runs: readonly Partial<SimulationConfig>[] = [
  { method: "prrfl" },
  { method: "fedavg", rounds: 2, localEpochs: 1 },
  { method: "fml", rounds: 2, localEpochs: 1 },
];
for (const changes of runs) {
  Deno.test(`four sites of ${changes.method} are where one process with all clients is, bit for bit`, async () => {
    const whole = await Array.fromAsync(simulate(gpu, { ...config, ...changes }));
    const told = await eventsOfSites(changes);
    dataset.clients.forEach(({ name }, place) => {
      const own = told[place];
      const epochs = (events: readonly SimulationEvent[]) =>
        events.filter((event) => event.type === "epoch").map(({ round, epoch, clients }) => ({
          ...{ round, epoch },
          client: clients.find(({ client }) => client === name),
        }));
      assertEquals(epochs(own), epochs(whole));
      const aggregations = (events: readonly SimulationEvent[]) =>
        events.filter((event): event is AggregationEvent => event.type === "aggregation");
      for (const [round, { senders, receivers, clients }] of aggregations(own).entries()) {
        assertEquals([senders, receivers], [[name], [name]]);
        assertEquals(clients, [aggregations(whole)[round].clients[place]]);
      }
      const models = finals(whole).filter(({ client }) => client === name);
      for (const { role, tensors } of finals(own)) {
        const expected = models.find((model) => model.role === role) ?? finals(whole)[0];
        assertEquals(tensors, expected.tensors);
      }
    });
  });
}

Deno.test("a site that sat out a round goes on from what it has", async () => {
  const one = { dataset: siteOf(1) };
  const { state, sent } = await leg(one, null, null);
  // PFA gives the mean to those that have sent; a site that was away in round 1 takes none.
  const away = {
    ...state!,
    position: { at: "epoch", round: 1, epoch: config.localEpochs } as const,
    skipped: [0],
    stages: [0] as const,
  };
  const { events } = await leg(one, away, null);
  const [told] = events.filter((event) => event.type === "aggregation");
  assertEquals([told.round, told.senders, told.receivers], [1, [], []]);
  // FedAvg's mean is for all.
  const fedavg = await leg({ ...one, method: "fedavg" }, null, null);
  const back = await leg(
    { ...one, method: "fedavg" },
    { ...fedavg.state!, position: away.position, skipped: [0], stages: [0] },
    { round: 1, tensors: fedavg.sent! },
  );
  const [taken] = back.events.filter((event) => event.type === "aggregation");
  assertEquals([taken.round, taken.senders, taken.receivers], [1, [], [
    dataset.clients[1].name,
  ]]);
  assert(sent!.size > 0);
});

Deno.test("a mean that does not fit changes nothing and says why", async () => {
  const one = { dataset: siteOf(0) };
  const { state, sent } = await leg(one, null, null);
  const [[name, { shape, data }]] = sent!;
  const others: readonly [HostMessage, RegExp][] = [
    [new Map([...sent!].slice(1)), new RegExp(`it lacks "${name}"`)],
    [new Map([...sent!, ["other", { shape, data }]]), /it has "other", which this client does not/],
    [new Map([...sent!, [name, { shape: [...shape, 1], data }]]), /but this client sends/],
    [
      new Map([...sent!, [name, { shape, data: (data as Float32Array).map(() => NaN) }]]),
      /holds NaN at index 0/,
    ],
  ] as [HostMessage, RegExp][];
  for (const [tensors, why] of others) {
    await assertRejects(() => leg(one, state, { round: 0, tensors }), ConfigError).then((
      { message },
    ) => assertMatch(message, why));
  }
  const { events } = await leg(one, state, { round: 0, tensors: sent! });
  assert(events.some(({ type }) => type === "aggregation"));
});

Deno.test("what cannot be divided among sites is refused", async () => {
  const refused = async (changes: Partial<SimulationConfig>, why: RegExp) => {
    const { message } = await assertRejects(
      () => leg({ dataset: siteOf(0), ...changes }, null, null),
      ConfigError,
    );
    assertMatch(message, why);
  };
  await refused({ dataset }, /has 4 clients where one is expected/);
  await refused({ method: "scaffold" }, /memory of its own/);
  await refused({ method: "local" }, /share nothing/);
  await refused({ participation: 0.5 }, /decided there/);
  await refused(
    { dataset: { ...dataset, clients: [{ ...dataset.clients[0], place: -1 }] } },
    /place of client .* is -1/,
  );
});
