// Uncertainty of results: intervals over test images and seeds, and differences; in tables, page and CSV.

import { join } from "@std/path";
import { parse } from "csv-parse/sync";
import type { PredictionsEvent } from "../../src/federated/events.ts";
import {
  bootstrapDifference,
  bootstrapInterval,
  differenceOfDraws,
  intervalOfDraws,
  type MetricDraws,
} from "../../src/metrics/bootstrap.ts";
import { predictClasses } from "../../src/metrics/classification.ts";
import { comparisonSentence } from "../../src/metrics/comparison_sentence.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { holm } from "../../src/metrics/paired_tests.ts";
import { resampledMacroF1, resampledRocAuc } from "../../src/metrics/resampled.ts";
import { seedInterval } from "../../src/metrics/seed_interval.ts";
import { RandomStream } from "../../src/random.ts";
import { change, intervalText } from "../../src/report/format.ts";
import { writePredictions } from "../../src/report/files/predictions.ts";
import { comparisonTables, resultsCsv } from "../../src/report/page/comparison_files.ts";
import { differenceTables } from "../../src/report/page/difference_table.ts";
import { resultsFigure } from "../../src/report/figures/results_figure.ts";
import { intervalTables } from "../../src/report/page/interval_tables.ts";
import { contentOf } from "../../src/report/page/report.ts";
import { resultTables } from "../../src/report/page/tables.ts";
import { resultOf } from "../../src/report/reading/result_views.ts";
import type { LabelledRun } from "../../src/report/reading/method_runs.ts";
import { readRuns } from "../../src/report/reading/labelled_runs.ts";
import { overImages } from "../../src/report/reading/method_intervals.ts";
import { resultDraws } from "../../src/report/reading/result_draws.ts";
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "../assert.ts";
import { assertAllClose } from "../close.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { writeMadeUpFolder } from "./made_up_folder.ts";

/** Predictions that are right more often than not. */
function madeUp(
  clients: readonly string[],
  seed: number,
  { view = "after", lead = 0 }: { view?: "before" | "after"; lead?: number } = {},
): PredictionsEvent {
  const random = new RandomStream(seed);
  return {
    ...{ type: "predictions", round: 2, view },
    classNames: ["nv", "bkl", "mel"],
    clients: clients.map((client, index) => {
      const labels = Int32Array.from({ length: 40 + 20 * index }, (_, row) => row % 3);
      const rows = (): Float32Array<ArrayBuffer> => {
        const own = Array.from(labels, () => 0.2 + lead + (0.6 - lead) * random.uniform());
        return Float32Array.from({ length: 3 * labels.length }, (_, cell) => {
          const row = Math.floor(cell / 3);
          const isOwn = labels[row] === cell % 3;
          return isOwn ? own[row] : (1 - own[row]) / 2 + (cell % 3 - 1) * 0.01;
        });
      };
      return { client, labels, probabilities: { personal: rows(), deputy: rows() } };
    }),
  };
}

async function runsIn(
  folder: TemporaryFolder,
  clients: readonly string[],
  runs: readonly {
    readonly method: string;
    readonly seed: number;
    readonly stored: boolean;
    /** by how much its personal models are better; and what they were before */
    readonly lead?: number;
    readonly leadBefore?: number;
  }[],
) {
  const paths: string[] = [];
  for (const { method, seed, stored, lead, leadBefore } of runs) {
    const path = join(folder.path, `${method} ${seed}`);
    await writeMadeUpFolder(path, { clients: [...clients], settings: { method, seed } });
    if (stored) {
      await writePredictions(
        join(path, "predictions.safetensors"),
        madeUp(clients, seed, { lead }),
      );
      if (leadBefore !== undefined) {
        const before = madeUp(clients, seed + 100, { view: "before", lead: leadBefore });
        await writePredictions(join(path, "predictions-before.safetensors"), before);
      }
    }
    paths.push(path);
  }
  return await readRuns(paths);
}

Deno.test("the interval of a run with one client is that of its personal model's predictions", async () => {
  using folder = new TemporaryFolder();
  const [run] = await runsIn(folder, ["A"], [{ method: "prrfl", seed: 1, stored: true }]);
  const { f1, auc } = resultDraws(run, "after")!;
  const { clients: [{ labels, probabilities: { personal } }] } = run.predictions!;
  const [expectedF1, expectedAuc] = [
    resampledMacroF1(labels, predictClasses(personal, 3)),
    resampledRocAuc(labels, personal, 3),
  ].map((metric) => bootstrapInterval(labels, metric));
  assertEquals([f1.clients[0], auc.clients[0]].map((each) => intervalOfDraws(each)), [
    ...[expectedF1, expectedAuc],
  ]);
  assertEquals([f1.average, auc.average].map((each) => intervalOfDraws(each)), [
    ...[expectedF1, expectedAuc],
  ]);
  const { value, low, high } = expectedF1;
  assert(low! < value! && value! < high!);
});

Deno.test("the average over clients is closer to certain than the clients", async () => {
  using folder = new TemporaryFolder();
  const clients = ["A", "B", "C", "D"];
  const [run] = await runsIn(folder, clients, [{ method: "prrfl", seed: 1, stored: true }]);
  const { f1 } = resultDraws(run, "after")!;
  assertEquals(f1.clients.length, 4);
  const values = f1.clients.map(({ value }) => value!);
  assertAllClose("average", [f1.average.value!], [values.reduce((a, b) => a + b) / 4], 1e-12);
  const width = (drawn: MetricDraws) => {
    const { low, high } = intervalOfDraws(drawn);
    return high! - low!;
  };
  const widths = f1.clients.map(width);
  // Clients are independent: the variance of their mean is that of all together, over 16.
  const expected = Math.sqrt(widths.reduce((sum, each) => sum + each ** 2, 0)) / 4;
  assertAllClose("width", [width(f1.average) / expected], [1], 0.1);
  assertEquals(resultDraws({ ...run, predictions: { ...run.predictions! } }, "after")!.f1, f1);
});

Deno.test("tables, page and results.csv have the intervals of runs that stored predictions", async () => {
  using folder = new TemporaryFolder();
  const runs = await runsIn(folder, ["A", "B"], [
    { method: "prrfl", seed: 1, stored: true },
    { method: "fedavg", seed: 1, stored: false },
  ]);
  const [table, ...others] = intervalTables(runs);
  assertEquals(others, []);
  assertEquals(table.head, [
    ...["Method", "Metric", "Measured after", "Client A", "Client B", "Average"],
  ]);
  assertEquals(table.rows.map((row) => row.slice(0, 3).map(({ text }) => text)), [
    ["PRR-FL", "F1", "last communication"],
    ["PRR-FL", "AUC", "last communication"],
  ]);
  const { f1 } = resultDraws(runs[0], "after")!;
  const average = intervalOfDraws(f1.average);
  const [value, low, high] = [average.value, average.low, average.high]
    .map((value) => value!.toFixed(1));
  assertEquals(table.rows[0][5].text, `${value} [${low}, ${high}]`);
  const [onPage] = contentOf(runs, [resultsFigure(runs)]).figures;
  for (const tables of [comparisonTables(runs), onPage.tables]) {
    assertEquals(tables.filter(({ caption }) => caption === table.caption).length, 1);
  }

  const rows = parse(resultsCsv(runs), { columns: true }) as Record<string, string>[];
  assertEquals(rows.map(({ client }) => client), ["A", "B", "average", "A", "B", "average"]);
  const intervals = [...f1.clients, f1.average].map((each) => intervalOfDraws(each));
  rows.slice(0, 3).forEach((row, index) => {
    assertEquals(Number(row.f1_after_low), intervals[index].low);
    assertEquals(Number(row.f1_after_high), intervals[index].high);
    assert(row.auc_after_low !== "" && row.auc_after_high !== "");
    assertEquals([row.f1_before_low, row.auc_before_high], ["", ""]);
  });
  for (const row of rows.slice(3)) assertEquals([row.f1_after_low, row.auc_after_high], ["", ""]);
});

Deno.test("several seeds have Student's interval of their mean", async () => {
  using folder = new TemporaryFolder();
  const runs = await runsIn(
    folder,
    ["A", "B"],
    [1, 2, 3].map((seed) => ({ method: "prrfl", seed, stored: false })),
  );
  const [table, ...others] = intervalTables(runs);
  assertEquals(others, []);
  const views = ["last local epoch", "last communication"]; // whose round is the chosen one
  assertEquals(
    table.rows.map((row) => row.slice(0, 3).map(({ text }) => text)),
    ["F1", "AUC"].flatMap((metric) => views.map((view) => ["PRR-FL (3 seeds)", metric, view])),
  );
  const { mean, low, high } = seedInterval(runs.map((run) => resultOf(run, 0, "f1", "after")!));
  const [centre, from, to] = [mean, low!, high!].map((value) => value.toFixed(1));
  assertEquals(table.rows[1][3].text, `${centre} [${from}, ${to}]`);
});

Deno.test("methods on the same test images are compared draw by draw, with Holm's correction of three", async () => {
  using folder = new TemporaryFolder();
  const methods = ["prrfl", "fedavg", "fedbn"];
  const runs = await runsIn(
    folder,
    ["A"],
    methods.map((method, index) => ({ method, seed: 1 + index, stored: true })),
  );
  const metrics = runs.map(({ predictions }) => {
    const [{ labels, probabilities: { personal } }] = predictions!.clients;
    return resampledMacroF1(labels, predictClasses(personal, 3));
  });
  const [{ labels }] = runs[0].predictions!.clients;
  const pairs = [[0, 1], [0, 2], [1, 2]].map(([a, b]) =>
    bootstrapDifference(labels, metrics[a], metrics[b])
  );
  const adjusted = holm(pairs.map(({ p }) => p));
  const expected = [["PRR-FL", "FedAvg"], ["PRR-FL", "FedBN"], ["FedAvg", "FedBN"]]
    .map(([first, second], index) => {
      const { value, low, high } = pairs[index];
      return comparisonSentence({
        ...{ first, second, metric: "F1", difference: value!, low, high },
        ...{ p: adjusted[index], comparisons: 3, seeds: 1 },
      });
    });
  const sentences = differenceTables(runs)[0].rows.map(([{ text }]) => text);
  assertEquals(sentences.slice(0, 3), expected);
  assertEquals(sentences.length, 6);
  assert(sentences.slice(3).every((text) => text.includes(" AUC [")));
  assertEquals(intervalTables(runs).map(({ head }) => head[0]), ["Method", "First − second"]);
});

Deno.test("methods are not compared on other test images, nor seeds with each other", async () => {
  using folder = new TemporaryFolder();
  const runs = await runsIn(folder, ["A"], [
    { method: "prrfl", seed: 1, stored: true },
    { method: "prrfl", seed: 2, stored: true },
    { method: "fedavg", seed: 1, stored: true },
  ]);
  const [first, second, other] = runs;
  assertEquals(differenceTables([first, second]), []);
  const [own] = differenceTables([first, second, other])[0].rows;
  assertStringIncludes(own[0].text, "; 2 seeds and one seed");
  const { predictions, run } = other;
  const [client] = predictions!.clients;
  const labels = client.labels.map((label) => (label + 1) % 3);
  const moved = { ...predictions!, clients: [{ ...client, labels }] };
  assertEquals(differenceTables([first, { ...other, predictions: moved }]), []);
  const elsewhere = { ...other, run: { ...run, fingerprint: "another" } };
  assertEquals(differenceTables([first, elsewhere]), []);
});

Deno.test("what is told before the last communication has intervals and differences of its own", async () => {
  using folder = new TemporaryFolder();
  const runs = await runsIn(folder, ["A"], [
    { method: "prrfl", seed: 1, stored: true, leadBefore: 0.1 },
    { method: "fedavg", seed: 1, stored: true, leadBefore: 0.3 },
    { method: "local", seed: 1, stored: true },
  ]);
  runs[2] = { ...runs[2], run: { ...runs[2].run, sharedRole: null } };
  const [images, before, after] = intervalTables(runs);
  assertEquals(
    images.rows.map((row) => row.slice(0, 3).map(({ text }) => text).join(", ")),
    ["PRR-FL", "FedAvg", "Local"].flatMap((method) =>
      ["F1", "AUC"].flatMap((metric) =>
        (method === "Local" ? ["communication"] : ["local epoch", "communication"])
          .map((view) => `${method}, ${metric}, last ${view}`)
      )
    ),
  );
  assertStringIncludes(before.caption, "images before the last communication");
  assertStringIncludes(after.caption, "images after the last communication");
  const draws = runs.map((run) => resultDraws(run, "before")!.f1.average);
  assertEquals(draws[2], resultDraws(runs[2], "after")!.f1.average); // nothing comes between
  const { value } = differenceOfDraws(draws[0], draws[1]);
  assertStringIncludes(before.rows[0][0].text, `PRR-FL − FedAvg: −${(-value!).toFixed(1)} F1`);
});

Deno.test("only a method that is better than all others by more than chance, in every seed, is bold", async () => {
  using folder = new TemporaryFolder();
  const leads = { prrfl: 0.35, fedavg: 0.05, fedbn: 0.05 };
  const stored = await runsIn(
    folder,
    ["A", "B"],
    Object.entries(leads).flatMap(([method, lead]) =>
      [1, 2].map((seed) => ({ method, seed, stored: true, lead }))
    ),
  );
  const runs = stored.map((run) => withResult(run, run.settings.method === "prrfl" ? 90 : 70));
  const bold = (runs: readonly LabelledRun[]) =>
    resultTables(runs)[0].rows.map((row) => row.map(({ best }) => best ?? false));
  const nothing = [false, false, false, false, false, false, false];
  const [, beforeF1, afterF1, chosenF1, beforeAuc, afterAuc, chosenAuc] = bold(runs)[0];
  assertEquals([beforeF1, afterF1, chosenF1], [false, true, true]); // the last round is the chosen one
  assertEquals([beforeAuc, afterAuc, chosenAuc], [false, true, true]);
  assertEquals(bold(runs).slice(1), [nothing, nothing]);
  assertStringIncludes(resultTables(runs)[0].caption, "; marked: better than each other method");
  assert(!resultTables(runs.slice(2))[0].caption.includes("marked"));
  assertEquals(bold(runs.slice(2)), [nothing, nothing]); // a difference of chance
  assertEquals(bold(runs.slice(0, 2)), [nothing]); // there is nobody to be better than
  const [first, ...others] = runs;
  assertEquals(bold([{ ...first, predictions: null }, ...others]), [nothing, nothing, nothing]);
  assertEquals(bold([withResult(first, 60), ...others]), [nothing, nothing, nothing]); // not in every seed
});

/** With other metrics after the last communication, which validation chooses. */
function withResult(run: LabelledRun, value: number): LabelledRun {
  const last = run.rows.findLastIndex(({ type }) => type === "aggregation");
  const rows = run.rows.map((row, index) => {
    if (index !== last || row.type !== "aggregation") return row;
    const personal = { ...row.test.personal, f1: value, auc: value };
    return { ...row, selected: true, test: { ...row.test, personal } };
  });
  return { ...run, rows };
}

Deno.test("differences of seeds that two methods share have an interval of their own", async () => {
  using folder = new TemporaryFolder();
  const runs = await runsIn(
    folder,
    ["A"],
    ["prrfl", "fedavg"].flatMap((method) =>
      [1, 2, 3].map((seed) => ({ method, seed, stored: true }))
    ),
  );
  const [{ head, rows }] = differenceTables(runs);
  assertEquals(head, ["First − second", "Over seeds"]);
  const f1 = runs.map((run) => resultOf(run, null, "f1", "after")!);
  const { mean, low, high } = seedInterval([0, 1, 2].map((k) => f1[k] - f1[3 + k]));
  assertEquals(rows[0][1].text, intervalText(mean, { low, high }, change));
});

Deno.test("images of one lesion are drawn together, if the run stored which they are", async () => {
  using folder = new TemporaryFolder();
  const [plain] = await runsIn(folder, ["A", "B"], [{ method: "prrfl", seed: 1, stored: true }]);
  const { clients, round, classNames } = plain.predictions!;
  const groups = clients[0].labels.map((_, row) => Math.floor(row / 3));
  const path = join(plain.folder, "predictions.safetensors");
  const event = { type: "predictions" as const, view: "after" as const, round, classNames };
  const told = [{ ...clients[0], groups }, clients[1]] as unknown as PredictionsEvent["clients"];
  await writePredictions(path, { ...event, clients: told });
  const [run] = await readRuns([plain.folder]);
  assertEquals(run.predictions!.clients.map(({ groups }) => groups), [groups, undefined]);
  const { f1 } = resultDraws(run, "after")!;
  const lesions = groups.at(-1)! + 1;
  assertEquals(f1.average.groups, lesions + clients[1].labels.length);
  assertNotEquals(f1.clients[0].draws, resultDraws(plain, "after")!.f1.clients[0].draws);
  assertStringIncludes(intervalTables([run])[0].caption, "lesion or patient drawn together");
  assertStringIncludes(intervalTables([plain])[0].caption, "each image counting as independent");

  const { tensors, metadata } = readSafetensors(await Deno.readFile(path));
  const wrong = new Map(tensors);
  wrong.set("A.groups", { shape: [groups.length - 1], data: groups.slice(1) });
  await Deno.writeFile(path, writeSafetensors(wrong, metadata));
  await assertRejects(() => readRuns([plain.folder]), Error, "A.groups");
});

Deno.test("predictions of a later round than the result's give no interval", async () => {
  using folder = new TemporaryFolder();
  const [run] = await runsIn(folder, ["A"], [
    { method: "prrfl", seed: 1, stored: true, leadBefore: 0.1 },
  ]);
  // Stopped in the last communication: what was said before it is of a round that has no result yet.
  const last = run.rows.findLastIndex(({ type }) => type === "aggregation");
  const stopped = { ...run, predictions: null, rows: run.rows.slice(0, last) };
  assert(resultOf(stopped, null, "f1", "before") !== null);
  assertEquals(resultDraws(stopped, "before"), null);
  assertEquals(intervalTables([stopped]), []);
  assertEquals(resultDraws({ ...stopped, predictions: run.predictions }, "after"), null);
});

Deno.test("methods whose draws are others are not compared, and are named", async () => {
  using folder = new TemporaryFolder();
  const methods = ["local", "prrfl", "fedavg"];
  const runs = await runsIn(
    folder,
    ["A"],
    methods.map((method, k) => ({
      ...{ method, seed: 1, stored: true, lead: 0.1 * k },
    })),
  );
  const { predictions } = runs[0];
  const groups = predictions!.clients[0].labels.map((_, row) => row >> 1);
  const grouped = { ...predictions!, clients: [{ ...predictions!.clients[0], groups }] };
  const others = [{ ...runs[0], predictions: grouped }, ...runs.slice(1)];
  const [{ rows, caption }] = differenceTables(others);
  assertEquals(rows.length, 2); // F1 and AUC of one pair
  assertStringIncludes(rows[0][0].text, "PRR-FL − FedAvg");
  assertStringIncludes(
    caption,
    "; without Local, whose runs stored no predictions of these images",
  );
  assertEquals(differenceTables(runs)[0].rows.length, 6);
  assert(resultTables(others)[0].rows.flat().every(({ best }) => !best));
  // Nor are seeds of one method averaged whose draws are others.
  const seeds = others.slice(0, 2).map((run, k) => ({ ...run, method: "PRR-FL", seed: k }));
  assertEquals(overImages({ method: "PRR-FL", runs: seeds }, place), null);
  assert(overImages({ method: "PRR-FL", runs: seeds.slice(1) }, place) !== null);
});

const place = { client: null, metric: "f1", view: "after" } as const;

Deno.test("a table of many pairs says what p-values its draws can give", async () => {
  using folder = new TemporaryFolder();
  const settings = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
  const paths: string[] = [];
  for (const [k, alpha] of settings.entries()) {
    const path = join(folder.path, `${k}`);
    await writeMadeUpFolder(path, { clients: ["A"], settings: { method: "prrfl", alpha1: alpha } });
    await writePredictions(join(path, "predictions.safetensors"), madeUp(["A"], k));
    paths.push(path);
  }
  const [{ caption, rows }] = differenceTables(await readRuns(paths));
  assertEquals(rows.length, 2 * 15);
  assertStringIncludes(caption, "with 15 pairs and 2000 draws no p is below 0.015");
});
