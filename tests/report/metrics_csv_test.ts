// metrics.csv, read with a CSV library: one row per measurement.

import { parse } from "csv-parse/sync";
import { join } from "@std/path";
import type { PredictionsEvent, RunEvent, SimulationEvent } from "../../src/federated/events.ts";
import type { Metrics } from "../../src/metrics/classification.ts";
import { clinicalMetrics } from "../../src/metrics/clinical.ts";
import { metricsRow } from "../../src/report/files/metrics_rows.ts";
import { MetricsCsv } from "../../src/report/files/metrics_csv.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { madeUpRun, stepsPerEpoch } from "./made_up_run.ts";

/** Tells the events, and gives the file's text after each of them. */
async function textsAfter(events: Iterable<SimulationEvent>): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "metrics.csv");
    const csv = new MetricsCsv(path);
    const texts: string[] = [];
    for (const event of events) {
      await csv.consume(event);
      texts.push(await Deno.readTextFile(path));
    }
    return texts;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function rowsOf(events: Iterable<SimulationEvent>): Promise<Record<string, string>[]> {
  return parse((await textsAfter(events)).at(-1)!, { columns: true });
}

const events = [...madeUpRun({ evaluated: true })];

Deno.test("MetricsCsv has one row for every event, client, split and role", async () => {
  const rows = await rowsOf(events);
  const keys = rows.map(({ round, epoch, step, event, client, split, role }) =>
    [round, epoch, step, event, client, split, role].join()
  );
  assertEquals(new Set(keys).size, rows.length);
  // Of 4 clients and 2 roles: decision, evaluation, training and test per epoch, two per round.
  assertEquals(rows.length, 4 * 2 * (3 * 2 * 4 + 3 * 2));
  assertEquals(
    Object.keys(rows[0]).join(),
    [
      ...["round", "epoch", "step", "event", "client", "split", "role"],
      ...["loss", "f1", "auc", "accuracy"],
      ...["class", "sensitivity", "specificity", "balanced_accuracy", "ppv", "npv"],
      ...["weighted_f1", "pr_auc", "mcc", "kappa", "brier", "ece"],
    ].join(),
  );
});

Deno.test("MetricsCsv writes the numbers whole, with the steps at which they were measured", async () => {
  const rows = await rowsOf(events);
  const find = (event: string, split: string) =>
    rows.find((row) =>
      row.event === event && row.split === split && row.round === "1" && row.epoch === "1" &&
      row.client === "C" && row.role === "deputy"
    )!;
  const at = <T extends SimulationEvent["type"]>(type: T) =>
    events.filter((event) => event.type === type) as Extract<SimulationEvent, { type: T }>[];
  const expected: [string, string, number, Metrics][] = [
    ["stage", "train", 3, at("stage")[3].clients[2].decision!.deputy],
    ["evaluation", "test", 3.5, at("evaluation")[3].clients[2].test.deputy],
    ["epoch", "train", 4, at("epoch")[3].clients[2].train!.deputy],
    ["epoch", "test", 4, at("epoch")[3].clients[2].test.deputy],
    ["aggregation", "valid", 4, at("aggregation")[1].clients[2].valid.deputy],
    ["aggregation", "test", 4, at("aggregation")[1].clients[2].test.deputy],
  ];
  for (const [event, split, epochs, { loss, f1, auc, accuracy }] of expected) {
    const row = find(event, split);
    assertEquals(
      [row.step, row.loss, row.f1, row.auc, row.accuracy].map(Number),
      [epochs * stepsPerEpoch, loss, f1, auc!, accuracy],
    );
  }
});

Deno.test("MetricsCsv leaves cells empty where an AUC is not defined", async () => {
  const rows = await rowsOf(events);
  const empty = rows.filter(({ auc }) => auc === "");
  assert(empty.length > 0);
  for (const { event, client } of empty) assertEquals([event, client], ["epoch", "D"]);
});

Deno.test("MetricsCsv quotes names of clients that would break the table", async () => {
  const clients = ['Saint "Mary"', "Rome, Italy", "two\nlines", " spaced ", "Zürich"];
  const rows = await rowsOf(madeUpRun({ clients }));
  assertEquals([...new Set(rows.map(({ client }) => client))], clients);
});

Deno.test("MetricsCsv appends as the events come, the same for identical runs", async () => {
  const texts = await textsAfter(events);
  for (const [index, text] of texts.slice(1).entries()) {
    const { type } = events[index + 1];
    assert(text.startsWith(texts[index]));
    const measured = ["stage", "evaluation", "epoch", "aggregation"].includes(type);
    assertEquals(text.length > texts[index].length, measured, type);
  }
  assertEquals(await textsAfter(events), texts);
});

Deno.test("MetricsCsv refuses a file that exists", async () => {
  const path = await Deno.makeTempFile();
  try {
    const csv = new MetricsCsv(path);
    await assertRejects(() => csv.consume(events[0]), Deno.errors.AlreadyExists);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("MetricsCsv and metrics.jsonl tell the clinical metrics of predictions, of all classes and of each", async () => {
  const labels = Int32Array.of(0, 1, 1, 2);
  const local = Float32Array.of(0.6, 0.2, 0.2, 0.1, 0.8, 0.1, 0.5, 0.4, 0.1, 0, 0, 1);
  const clients = [{ client: "A", labels, probabilities: { local } }];
  const classNames = ["nv", "bkl", "mel"];
  const told: PredictionsEvent = {
    ...{ type: "predictions", round: 2, view: "before", clients, classNames },
  };
  const rows = (await rowsOf([events[0], told])).slice(-4);
  assertEquals(rows.map((row) => [row.event, row.role, row.class]), [
    ...["", ...classNames].map((name) => ["predictions before", "local", name]),
  ]);
  assertEquals(rows[0].step, String(6 * stepsPerEpoch));
  const { classes, means, overall } = clinicalMetrics(labels, local, 3);
  assertEquals(
    [rows[0].f1, rows[0].sensitivity, rows[0].kappa, rows[0].ece].map(Number),
    [overall.macroF1, means.sensitivity.mean!, overall.kappa!, overall.ece!],
  );
  assertEquals(
    [rows[2].sensitivity, rows[2].ppv, rows[2].mcc, rows[2].brier].map(Number),
    [classes[1].sensitivity!, classes[1].ppv!, classes[1].mcc!, classes[1].brier!],
  );
  assertEquals([rows[0].loss, rows[2].accuracy, rows[2].weighted_f1], ["", "", ""]);
  const row = metricsRow(told, { at: "", elapsed: 0 }) as { clinical: Record<string, Json> };
  assertEquals(row.clinical.A.local.classes.bkl, classes[1]);
  assertEquals(row.clinical.A.local.overall.kappa, overall.kappa);
});

Deno.test("MetricsCsv goes on with a file of an older version in that version's columns", async () => {
  const path = await Deno.makeTempFile();
  try {
    const header = "round,epoch,step,event,client,split,role,loss,f1,auc,accuracy";
    await Deno.writeTextFile(path, `${header}\n`);
    const [run, ...rest] = events;
    const csv = new MetricsCsv(path);
    csv.resume(run as RunEvent);
    const labels = Int32Array.of(0, 1);
    const clients = [{
      client: "A",
      labels,
      probabilities: { local: Float32Array.of(1, 0, 0, 1) },
    }];
    const view = "after" as const;
    const classNames = ["nv", "mel"];
    await csv.consume({ type: "predictions", round: 2, view, clients, classNames });
    assertEquals(await Deno.readTextFile(path), `${header}\n`);
    for (const event of rest) await csv.consume(event);
    const rows: Record<string, string>[] = parse(await Deno.readTextFile(path), { columns: true });
    const whole = await rowsOf(events);
    assertEquals(rows.length, whole.length);
    assertEquals(
      rows.at(-1),
      Object.fromEntries(
        header.split(",").map((name) => [name, whole.at(-1)![name]]),
      ),
    );
  } finally {
    await Deno.remove(path);
  }
});

// deno-lint-ignore no-explicit-any
type Json = any;
