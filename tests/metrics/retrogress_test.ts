// Depth and length of the setback after a communication.

import type { AggregationEvent, EpochEvent, SimulationEvent } from "../../src/federated/events.ts";
import type { Metrics } from "../../src/metrics/classification.ts";
import { recovery, retrogress } from "../../src/metrics/retrogress.ts";
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

/** The same with a client that has a better deputy, and neither sends nor receives. */
function withIdleClient<T extends EpochEvent | AggregationEvent>(event: T): T {
  const test = { personal: metricsOf(50), deputy: metricsOf(70) };
  const clients = [{ ...event.clients[0], client: "idle", test }, ...event.clients];
  const mean = { personal: metricsOf(50), deputy: metricsOf(55) };
  return { ...event, clients, [event.type === "epoch" ? "mean" : "test"]: mean };
}

const run: SimulationEvent[] = [
  { type: "round", round: 0, learningRate: 0.01, participants: ["A"] },
  epoch(0, 30),
  epoch(0, 40),
  aggregation(0, 25), // 15 lost, regained in the first epoch of the round after the next
  epoch(1, 35),
  epoch(1, 39),
  aggregation(1, 39), // nothing lost
  epoch(2, 44),
  aggregation(2, 30), // 14 lost for good
];

Deno.test("retrogress() gives depth and recovery of every communication", () => {
  const { role, communications, meanDepth } = retrogress(run);
  assertEquals(role, "deputy");
  assertEquals(communications.map(({ round }) => round), [0, 1, 2]);
  const drops = communications.map(({ clients }) => clients[0].f1);
  assertEquals(drops[0], { before: 40, after: 25, depth: 15, recoveryEpochs: 3 });
  assertEquals(drops[1], { before: 39, after: 39, depth: 0, recoveryEpochs: 0 });
  assertEquals(drops[2], { before: 44, after: 30, depth: 14, recoveryEpochs: null });
  assertEquals(communications.map(({ mean }) => mean.f1), drops);
  assertEquals(meanDepth, { f1: 29 / 3, auc: 29 / 3 });
});

Deno.test("retrogress() leaves out rounds in which no update arrived", () => {
  const lost = run.map((event) =>
    event.type === "aggregation" && event.round === 1
      ? { ...event, senders: [], receivers: [] }
      : event
  );
  const { communications, meanDepth } = retrogress(lost);
  assertEquals(communications.map(({ round }) => round), [0, 2]);
  assertEquals(meanDepth.f1, 29 / 2);
});

Deno.test("retrogress() leaves out clients that received nothing, also from the mean", () => {
  const alone = retrogress([epoch(0, 40), aggregation(0, 25)]);
  const together = retrogress([withIdleClient(epoch(0, 40)), withIdleClient(aggregation(0, 25))]);
  assertEquals(together, alone);
});

Deno.test("recovery() counts what was regained, and how soon", () => {
  // After 3 epochs, at once, and never.
  assertEquals(recovery(retrogress(run), "f1"), {
    communications: 3,
    regained: 2,
    meanEpochs: 1.5,
  });
  const lost = retrogress([epoch(0, 40), aggregation(0, 30)]);
  assertEquals(recovery(lost, "f1"), { communications: 1, regained: 0, meanEpochs: null });
});

Deno.test("retrogress() follows the role it is told to", () => {
  const { communications } = retrogress(run, { role: "personal" });
  assertEquals(communications.map(({ mean }) => mean.f1.depth), [0, 0, 0]);
});

Deno.test("retrogress() is n/a where an AUC is, or without an epoch before", () => {
  const { communications } = retrogress([epoch(0, 40, null), aggregation(0, 30)]);
  assertEquals(communications[0].mean.f1.depth, 10);
  assertEquals(communications[0].mean.auc, {
    before: null,
    after: 40,
    depth: null,
    recoveryEpochs: null,
  });
  const [alone] = retrogress([aggregation(0, 30)]).communications;
  assertEquals(alone.mean.f1.depth, null);
});

Deno.test("retrogress() of a run without communications is empty", () => {
  assertEquals(retrogress([epoch(0, 40)]).meanDepth, { f1: null, auc: null });
});

Deno.test("retrogress() rejects a role that is not there", () => {
  assertThrows(() => retrogress(run, { role: "global" }), RangeError, 'no role "global"');
});
