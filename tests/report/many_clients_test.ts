// Many clients are shown as a distribution: order statistics, charts of all and of three, one line without names.

import { quantile } from "../../src/metrics/statistics.ts";
import { clientCurves } from "../../src/report/figures/client_curves.ts";
import { shownClients } from "../../src/report/figures/shown_clients.ts";
import { areMany, distribution } from "../../src/report/many_clients.ts";
import type { EpochEvent, RunEvent } from "../../src/federated/events.ts";
import { resultTables } from "../../src/report/page/tables.ts";
import type { LabelledRun } from "../../src/report/reading/method_runs.ts";
import { epochText } from "../../src/report/terminal/run_texts.ts";
import { plainStyle } from "../../src/report/terminal/style.ts";
import { assert, assertEquals } from "../assert.ts";

Deno.test("quantile() interpolates as NumPy does", () => {
  // np.quantile([3, 1, 4, 1, 5, 9, 2, 6], [0, 0.1, 0.25, 0.5, 0.9, 1])
  const values = [3, 1, 4, 1, 5, 9, 2, 6];
  const shares = [0, 0.1, 0.25, 0.5, 0.9, 1];
  const found = shares.map((share) => Number(quantile(values, share).toFixed(12)));
  assertEquals(found, [1, 1, 1.75, 3.5, 6.9, 9]);
  assertEquals(quantile([7], 0.3), 7);
  assert(Number.isNaN(quantile([], 0.5)));
});

Deno.test("a distribution leaves out who has no value, and is null where nobody has", () => {
  assertEquals(distribution([null, 10, 20, 30, null]), [10, 12, 20, 28, 30]);
  assertEquals(distribution([null, null]), [null, null, null, null, null]);
});

/** Clients of two test images each; the k-th has as many right as its number modulo three. */
function predictionsOf(count: number) {
  const clients = Array.from({ length: count }, (_, k) => {
    const right = k % 3;
    const scores = [0, 1].flatMap((label) =>
      label < right ? [1 - label, label] : [label, 1 - label]
    );
    const probabilities = { local: Float32Array.from(scores) };
    return { client: `c${k}`, labels: Int32Array.of(0, 1), probabilities };
  });
  return { round: 0, classNames: ["a", "b"], clients };
}

Deno.test("predictions of many clients are drawn together, with those of the worst, the median and the best", () => {
  const few = shownClients(predictionsOf(12), "local");
  assertEquals(
    few.map(({ heading }) => heading),
    Array.from({ length: 12 }, (_, k) => `Client c${k}`),
  );
  const many = shownClients(predictionsOf(15), "local");
  assertEquals(many.map(({ heading }) => heading.replace(/c\d+/, "c")), [
    "All 15 clients together",
    "Client c: the worst, F1 0.0",
    "Client c: the median, F1 33.3",
    "Client c: the best, F1 100.0",
  ]);
  assertEquals([many[0].labels.length, many[0].scores.length], [30, 60]);
  assertEquals([...many[3].scores], [1, 0, 0, 1]);
});

Deno.test("curves of many clients have no names, but their mean does", () => {
  const metrics = { loss: 1, accuracy: 50, f1: 40, auc: 60 };
  for (const count of [3, 40]) {
    const clients = Array.from({ length: count }, (_, k) => ({
      ...{ client: `c${k}`, stage: null, train: null, batchLosses: null },
      test: { local: metrics },
    }));
    const run = {
      ...{ personalRole: "local", roles: ["local"], rounds: 1, localEpochs: 1 },
      clients: clients.map(({ client }) => ({ name: client, train: 1, valid: 1, test: 1 })),
    } as unknown as RunEvent;
    const row = { type: "epoch" as const, round: 0, epoch: 0, clients, mean: { local: metrics } };
    const choice = { split: "test", role: "local", metric: "f1" } as const;
    const { option } = clientCurves({ run, rows: [row] }, choice);
    const { data } = option.legend as { data: string[] };
    assertEquals(data, areMany(clients) ? ["mean"] : ["c0", "c1", "c2", "mean"]);
    assertEquals((option.series as unknown[]).length, count + 2); // and the communications
  }
});

/** An epoch of PRR-FL with many clients, of which the k-th has an F1 of k. */
function manyRows(count: number): { run: RunEvent; row: EpochEvent } {
  const clients = Array.from({ length: count }, (_, k) => {
    const metrics = { loss: 2 - k / 100, accuracy: k, f1: k, auc: k < 2 ? null : 50 };
    const test = { local: metrics };
    return { client: `c${k}`, stage: null, train: test, batchLosses: null, test };
  });
  const mean = { local: { loss: 1, accuracy: 50, f1: 40, auc: 60 } };
  const sizes = { train: 1, valid: 1, test: 1 };
  const run = {
    ...{ type: "run", title: "FedAvg", personalRole: "local", sharedRole: "local" },
    ...{ roles: ["local"], rounds: 1, localEpochs: 1, classNames: ["a", "b"] },
    clients: clients.map(({ client }) => ({ name: client, ...sizes })),
  } as unknown as RunEvent;
  return { run, row: { type: "epoch", round: 0, epoch: 0, clients, mean } };
}

Deno.test("the terminal tells where many clients lie, the best at the end of every column", () => {
  const { run, row } = manyRows(41);
  const text = epochText(row, run, 0.01, 0, plainStyle);
  const lines = text.split("\n").filter((line) => /worst|median|best/.test(line));
  assertEquals(lines.map((line) => line.trim().split(/ {2,}/)), [
    ["worst", "2.000", "2.000", "0.0", "50.0", "0.0"],
    ["median", "1.800", "1.800", "20.0", "50.0", "20.0"],
    ["best", "1.600", "1.600", "40.0", "50.0", "40.0"],
  ]);
  assertEquals(/c17/.test(text), false);
});

Deno.test("a report's tables tell where many clients lie", () => {
  const { run, row } = manyRows(41);
  const after = { ...row, type: "aggregation", valid: row.mean, test: row.mean, selected: true };
  const rows = [row, { ...after, rate: null, senders: [], receivers: [] }];
  const method = { run, rows, method: "FedAvg", label: "FedAvg", seed: 1, settings: {} };
  const [, f1] = resultTables([method as unknown as LabelledRun]);
  assertEquals(f1.head.slice(2), [
    ...["worst", "10th percentile", "median", "90th percentile", "best", "standard deviation"],
  ]);
  assertEquals(f1.rows[0].slice(2).map(({ text }) => text), [
    ...["0.0", "4.0", "20.0", "36.0", "40.0", "12.0"],
  ]);
});
