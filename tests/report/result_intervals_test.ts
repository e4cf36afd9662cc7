// Uncertainty of results: intervals over test images and seeds, and differences; in tables, page and CSV.

import { join } from "@std/path";
import { parse } from "csv-parse/sync";
import type { PredictionsEvent } from "../../src/federated/events.ts";
import { bootstrapDifference, bootstrapInterval } from "../../src/metrics/bootstrap.ts";
import { predictClasses } from "../../src/metrics/classification.ts";
import { comparisonSentence } from "../../src/metrics/comparison_sentence.ts";
import { holm } from "../../src/metrics/paired_tests.ts";
import { resampledMacroF1, resampledRocAuc } from "../../src/metrics/resampled.ts";
import { seedInterval } from "../../src/metrics/seed_interval.ts";
import { RandomStream } from "../../src/random.ts";
import { writePredictions } from "../../src/report/files/predictions.ts";
import { comparisonTables, resultsCsv } from "../../src/report/page/comparison_files.ts";
import { differenceTable } from "../../src/report/page/difference_table.ts";
import { intervalTables } from "../../src/report/page/interval_tables.ts";
import { contentOf } from "../../src/report/page/report.ts";
import { resultOf } from "../../src/report/page/tables.ts";
import { readRuns } from "../../src/report/reading/labelled_runs.ts";
import { resultIntervals } from "../../src/report/reading/result_intervals.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { assertAllClose } from "../close.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { writeMadeUpFolder } from "./made_up_folder.ts";

/** Predictions that are right more often than not. */
function madeUp(clients: readonly string[], seed: number): PredictionsEvent {
  const random = new RandomStream(seed);
  return {
    type: "predictions",
    round: 2,
    classNames: ["nv", "bkl", "mel"],
    clients: clients.map((client, index) => {
      const labels = Int32Array.from({ length: 40 + 20 * index }, (_, row) => row % 3);
      const rows = (): Float32Array<ArrayBuffer> => {
        const own = Array.from(labels, () => 0.2 + 0.6 * random.uniform());
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
  runs: readonly { readonly method: string; readonly seed: number; readonly stored: boolean }[],
) {
  const paths: string[] = [];
  for (const { method, seed, stored } of runs) {
    const path = join(folder.path, `${method} ${seed}`);
    await writeMadeUpFolder(path, { clients: [...clients], settings: { method, seed } });
    if (stored) {
      await writePredictions(join(path, "predictions.safetensors"), madeUp(clients, seed));
    }
    paths.push(path);
  }
  return await readRuns(paths);
}

Deno.test("the interval of a run with one client is that of its personal model's predictions", async () => {
  using folder = new TemporaryFolder();
  const [run] = await runsIn(folder, ["A"], [{ method: "prrfl", seed: 1, stored: true }]);
  const { f1, auc } = resultIntervals(run)!;
  const { clients: [{ labels, probabilities: { personal } }] } = run.predictions!;
  const [expectedF1, expectedAuc] = [
    resampledMacroF1(labels, predictClasses(personal, 3)),
    resampledRocAuc(labels, personal, 3),
  ].map((metric) => bootstrapInterval(labels, metric));
  assertEquals([f1.clients[0], auc.clients[0]], [expectedF1, expectedAuc]);
  assertEquals([f1.average, auc.average], [expectedF1, expectedAuc]);
  assert(f1.average.low! < f1.average.value! && f1.average.value! < f1.average.high!);
});

Deno.test("the average over clients is closer to certain than the clients", async () => {
  using folder = new TemporaryFolder();
  const clients = ["A", "B", "C", "D"];
  const [run] = await runsIn(folder, clients, [{ method: "prrfl", seed: 1, stored: true }]);
  const { f1 } = resultIntervals(run)!;
  assertEquals(f1.clients.length, 4);
  const values = f1.clients.map(({ value }) => value!);
  assertAllClose("average", [f1.average.value!], [values.reduce((a, b) => a + b) / 4], 1e-12);
  const width = ({ low, high }: typeof f1.average) => high! - low!;
  const widths = f1.clients.map(width);
  // Clients are independent: the variance of their mean is that of all together, over 16.
  const expected = Math.sqrt(widths.reduce((sum, each) => sum + each ** 2, 0)) / 4;
  assertAllClose("width", [width(f1.average) / expected], [1], 0.1);
  assertEquals(resultIntervals(run), resultIntervals({ ...run }));
});

Deno.test("tables, page and results.csv have the intervals of runs that stored predictions", async () => {
  using folder = new TemporaryFolder();
  const runs = await runsIn(folder, ["A", "B"], [
    { method: "prrfl", seed: 1, stored: true },
    { method: "fedavg", seed: 1, stored: false },
  ]);
  const [table, ...others] = intervalTables(runs);
  assertEquals(others, []);
  assertEquals(table.head, ["Run", "Metric", "Client A", "Client B", "Average"]);
  assertEquals(table.rows.map(([run, metric]) => [run.text, metric.text]), [
    ["PRR-FL, seed 1", "F1"],
    ["PRR-FL, seed 1", "AUC"],
  ]);
  const { f1 } = resultIntervals(runs[0])!;
  const shown = (value: number | null) => value!.toFixed(1);
  const [value, low, high] = [f1.average.value, f1.average.low, f1.average.high].map(shown);
  assertEquals(table.rows[0][4].text, `${value} [${low}, ${high}]`);
  for (const tables of [comparisonTables(runs), contentOf(runs, []).results]) {
    assertEquals(tables.filter(({ caption }) => caption === table.caption).length, 1);
  }

  const rows = parse(resultsCsv(runs), { columns: true }) as Record<string, string>[];
  assertEquals(rows.map(({ client }) => client), ["A", "B", "average", "A", "B", "average"]);
  const intervals = [...f1.clients, f1.average];
  rows.slice(0, 3).forEach((row, index) => {
    assertEquals(Number(row.f1_after_low), intervals[index].low);
    assertEquals(Number(row.f1_after_high), intervals[index].high);
    assert(row.auc_after_low !== "" && row.auc_after_high !== "");
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
  assertEquals(table.rows.map(([method, metric]) => [method.text, metric.text]), [
    ["PRR-FL (3 seeds)", "F1"],
    ["PRR-FL (3 seeds)", "AUC"],
  ]);
  const { mean, low, high } = seedInterval(runs.map((run) => resultOf(run, 0, "f1", "after")!));
  const [centre, from, to] = [mean, low!, high!].map((value) => value.toFixed(1));
  assertEquals(table.rows[0][2].text, `${centre} [${from}, ${to}]`);
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
  const sentences = differenceTable(runs)!.rows.map(([{ text }]) => text);
  assertEquals(sentences.slice(0, 3), expected);
  assertEquals(sentences.length, 6);
  assert(sentences.slice(3).every((text) => text.includes(" AUC [")));
  assertEquals(intervalTables(runs).map(({ head }) => head[0]), ["Run", "First − second"]);
});

Deno.test("methods are not compared on other test images, nor seeds with each other", async () => {
  using folder = new TemporaryFolder();
  const runs = await runsIn(folder, ["A"], [
    { method: "prrfl", seed: 1, stored: true },
    { method: "prrfl", seed: 2, stored: true },
    { method: "fedavg", seed: 1, stored: true },
  ]);
  const [first, second, other] = runs;
  assertEquals(differenceTable([first, second]), null);
  const [own] = differenceTable([first, second, other])!.rows;
  assertStringIncludes(own[0].text, "; one seed"); // FedAvg has one
  const { predictions, run } = other;
  const [client] = predictions!.clients;
  const labels = client.labels.map((label) => (label + 1) % 3);
  const moved = { ...predictions!, clients: [{ ...client, labels }] };
  assertEquals(differenceTable([first, { ...other, predictions: moved }]), null);
  const elsewhere = { ...other, run: { ...run, fingerprint: "another" } };
  assertEquals(differenceTable([first, elsewhere]), null);
});
