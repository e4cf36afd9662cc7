// What a communication does to the models, and how long it takes to make a fall good.

import type {
  AggregationEvent,
  EpochEvent,
  RunEvent,
  SimulationEvent,
} from "../../src/federated/events.ts";
import type { Metrics } from "../../src/metrics/classification.ts";
import { medianEpochs, summarizeFalls } from "../../src/metrics/falls.ts";
import { retrogress } from "../../src/metrics/retrogress.ts";
import { assertEquals, assertThrows } from "../assert.ts";

const metricsOf = (f1: number, auc: number | null = f1 + 10): Metrics => ({
  loss: 1,
  accuracy: f1,
  f1,
  auc,
});

/** One client with a deputy of this F1, a mean that is the same. */
function epoch(round: number, f1: number, auc?: number | null): EpochEvent {
  const test = { personal: metricsOf(50), deputy: metricsOf(f1, auc) };
  const batchLosses = { personal: [], deputy: [] };
  const client = { client: "A", stage: 1, train: test, batchLosses, test } as const;
  return { type: "epoch", round, epoch: 0, clients: [client], mean: test };
}

function aggregation(round: number, f1: number): AggregationEvent {
  const test = { personal: metricsOf(50), deputy: metricsOf(f1) };
  return {
    type: "aggregation",
    round,
    rate: 0.7,
    senders: ["A"],
    receivers: ["A"],
    clients: [{ client: "A", valid: test, test }],
    valid: test,
    test,
    selected: false,
  };
}

/** The same with a client that has a better deputy; `more` tells what is special about it. */
function withOther<T extends EpochEvent | AggregationEvent>(event: T, more: object): T {
  const test = { personal: metricsOf(50), deputy: metricsOf(event.type === "epoch" ? 70 : 20) };
  const clients = [{ ...event.clients[0], client: "other", test, ...more }, ...event.clients];
  const mean = { personal: metricsOf(50), deputy: metricsOf(55) };
  const changed = { ...event, clients, [event.type === "epoch" ? "mean" : "test"]: mean };
  return event.type === "epoch" ? changed : { ...changed, ...more };
}

const run: SimulationEvent[] = [
  { type: "round", round: 0, learningRate: 0.01, participants: ["A"] },
  epoch(0, 30),
  epoch(0, 40),
  aggregation(0, 25), // a fall of 15, regained in the first epoch of the round after the next
  epoch(1, 35),
  epoch(1, 39),
  aggregation(1, 39), // no fall
  epoch(2, 44),
  aggregation(2, 30), // a fall of 14, not regained
  epoch(3, 43),
  epoch(3, 35),
  aggregation(3, 30), // a fall of 5, and no epoch left
];

Deno.test("retrogress() gives change and recovery of every communication", () => {
  const { role, communications, meanChange } = retrogress(run);
  assertEquals(role, "deputy");
  assertEquals(communications.map(({ round }) => round), [0, 1, 2, 3]);
  const changes = communications.map(({ clients }) => clients[0].f1);
  assertEquals(changes, [
    { before: 40, after: 25, change: -15, recovery: { regained: true, epochs: 3 } },
    { before: 39, after: 39, change: 0, recovery: null },
    { before: 44, after: 30, change: -14, recovery: { regained: false, epochs: 2 } },
    { before: 35, after: 30, change: -5, recovery: { regained: false, epochs: 0 } },
  ]);
  assertEquals(communications.map(({ mean }) => mean.f1), changes);
  assertEquals(meanChange, { f1: -34 / 4, auc: -34 / 4 });
});

Deno.test("retrogress() takes the value before for regained when it is reached exactly", () => {
  const events = [epoch(0, 40), aggregation(0, 25), epoch(1, 40), epoch(1, 41)];
  const [{ mean }] = retrogress(events).communications;
  assertEquals(mean.f1.recovery, { regained: true, epochs: 1 });
});

Deno.test("retrogress() counts gains with the falls, with the opposite sign", () => {
  const { communications, meanChange } = retrogress([
    epoch(0, 40),
    aggregation(0, 46),
    epoch(1, 40),
    aggregation(1, 38),
  ]);
  assertEquals(communications[0].mean.f1.change, 6);
  assertEquals(meanChange.f1, 2);
});

Deno.test("retrogress() leaves out rounds in which no update arrived", () => {
  const lost = run.map((event) =>
    event.type === "aggregation" && event.round === 1
      ? { ...event, senders: [], receivers: [] }
      : event
  );
  const { communications, meanChange } = retrogress(lost);
  assertEquals(communications.map(({ round }) => round), [0, 2, 3]);
  assertEquals(meanChange.f1, -34 / 3);
});

Deno.test("retrogress() leaves out clients that received nothing, also from the mean", () => {
  const alone = retrogress([epoch(0, 40), aggregation(0, 25)]);
  const idle = { receivers: ["A"] };
  const together = retrogress([
    withOther(epoch(0, 40), idle),
    withOther(aggregation(0, 25), idle),
  ]);
  assertEquals(together, alone);
});

Deno.test("retrogress() leaves out clients that sat the round out, although they received", () => {
  const alone = retrogress([epoch(0, 40), aggregation(0, 25)]);
  const together = retrogress([
    withOther(epoch(0, 40), { train: null, batchLosses: null, stage: null }),
    withOther(aggregation(0, 25), { receivers: ["other", "A"] }),
  ]);
  assertEquals(together, alone);
});

Deno.test("retrogress() leaves out clients that were put back in the round, and only in that one", () => {
  const place = { round: 0, epoch: 0, client: "other", role: "deputy", step: 2, steps: 9 };
  const putBack = { type: "divergence", ...place, cause: "a weight is not finite" } as const;
  const both = { receivers: ["other", "A"] };
  const { communications } = retrogress([
    putBack,
    withOther(epoch(0, 40), {}), // it went bad in the test after the epoch: it has trained
    withOther(aggregation(0, 25), both),
    withOther(epoch(1, 40), {}),
    withOther(aggregation(1, 25), both),
  ]);
  assertEquals(communications.map(({ clients }) => clients.map(({ client }) => client)), [
    ["A"],
    ["other", "A"],
  ]);
  assertEquals(communications[0].mean.f1.change, -15);
});

Deno.test("retrogress() has no communication where nobody both trained and received", () => {
  const satOut = epoch(0, 40);
  const clients = satOut.clients.map((client) => ({ ...client, train: null }));
  assertEquals(retrogress([{ ...satOut, clients }, aggregation(0, 25)]).communications, []);
});

Deno.test("retrogress() does not take an earlier round's epoch for what was before", () => {
  const { communications } = retrogress([epoch(0, 40), aggregation(0, 40), aggregation(1, 25)]);
  assertEquals(communications[1].mean.f1, {
    before: null,
    after: 25,
    change: null,
    recovery: null,
  });
});

Deno.test("summarizeFalls() tells what was regained from what was not and what nobody knows", () => {
  const changes = retrogress(run).communications.map(({ mean }) => mean.f1);
  assertEquals(summarizeFalls(changes), {
    communications: 4,
    meanChange: -8.5,
    low: -20.0111917436329, // scipy.stats.t.interval
    high: 3.011191743632901,
    falls: 3,
    worst: -15,
    regained: 1,
    notRegained: 1,
    unknown: 1,
    medianEpochs: 3, // the only one that was watched for so long was regained
  });
  const only = retrogress([epoch(0, 40), aggregation(0, 30)]).communications[0].mean.f1;
  const { falls, unknown, notRegained, medianEpochs } = summarizeFalls([only]);
  assertEquals([falls, unknown, notRegained, medianEpochs], [1, 1, 0, null]);
  assertEquals(summarizeFalls([]), {
    ...{ communications: 0, meanChange: null, low: null, high: null, falls: 0, worst: null },
    ...{ regained: 0, notRegained: 0, unknown: 0, medianEpochs: null },
  });
});

Deno.test("medianEpochs() is the Kaplan–Meier estimate", () => {
  const recoveries = (regained: number[], watched: number[]) => [
    ...regained.map((epochs) => ({ regained: true, epochs })),
    ...watched.map((epochs) => ({ regained: false, epochs })),
  ];
  assertEquals(medianEpochs(recoveries([1, 2, 3], [])), 2);
  assertEquals(medianEpochs(recoveries([1, 2], [])), 1); // exactly a half lasts on
  // Survival 5/6, then 4/6 (one more is no longer watched), then 4/6 · 2/3, below a half.
  assertEquals(medianEpochs(recoveries([1, 2, 4], [3, 5, 6])), 4);
  assertEquals(medianEpochs(recoveries([1, 2], [3, 5, 6])), null); // stays at 3/5
  assertEquals(medianEpochs(recoveries([1], [0, 0, 0])), 1); // those tell nothing
  assertEquals(medianEpochs(recoveries([3], [3])), 3); // what is regained comes before the end of watching
});

Deno.test("retrogress() follows the role it is told to, else the one that the run shares", () => {
  const { communications } = retrogress(run, { role: "personal" });
  assertEquals(communications.map(({ mean }) => mean.f1.change), [0, 0, 0, 0]);
  const roleOf = (sharedRole: string | null) =>
    retrogress([{ type: "run", sharedRole, personalRole: "personal" } as RunEvent, ...run]).role;
  assertEquals(roleOf("personal"), "personal");
  assertEquals(roleOf("deputy"), "deputy");
  assertEquals(roleOf(null), "personal");
});

Deno.test("retrogress() without a run event follows the only role", () => {
  const [before, after] = [epoch(0, 40), aggregation(0, 25)];
  const only = { local: metricsOf(40) };
  const clientsOf = <T extends object>(clients: readonly T[]) =>
    clients.map((client) => ({ ...client, test: only, valid: only }));
  const { role, communications } = retrogress([
    { ...before, clients: clientsOf(before.clients), mean: only },
    { ...after, clients: clientsOf(after.clients), test: only, valid: only },
  ]);
  assertEquals([role, communications.length], ["local", 1]);
});

Deno.test("retrogress() is n/a where an AUC is, or without an epoch before", () => {
  const { communications } = retrogress([epoch(0, 40, null), aggregation(0, 30)]);
  assertEquals(communications[0].mean.f1.change, -10);
  assertEquals(communications[0].mean.auc, {
    before: null,
    after: 40,
    change: null,
    recovery: null,
  });
  const [alone] = retrogress([aggregation(0, 30)]).communications;
  assertEquals(alone.mean.f1.change, null);
});

Deno.test("retrogress() of a run without communications is empty", () => {
  assertEquals(retrogress([epoch(0, 40)]).meanChange, { f1: null, auc: null });
});

Deno.test("retrogress() rejects a role that is not there", () => {
  assertThrows(() => retrogress(run, { role: "global" }), RangeError, 'no role "global"');
});
