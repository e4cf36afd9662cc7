// Figures of results with intervals, of clinical metrics and of calibration, held against the numbers they show.

import { join } from "@std/path";
import type { PredictionsEvent } from "../../src/federated/events.ts";
import { RandomStream } from "../../src/random.ts";
import { writePredictions } from "../../src/report/files/predictions.ts";
import { calibration } from "../../src/metrics/calibration.ts";
import { type ClinicalMetrics, clinicalMetrics } from "../../src/metrics/clinical.ts";
import { calibrationFigure } from "../../src/report/figures/calibration_figure.ts";
import { clinicalFigure } from "../../src/report/figures/clinical_figure.ts";
import type { Figure, Variant } from "../../src/report/figures/figure.ts";
import { resultsFigure } from "../../src/report/figures/results_figure.ts";
import { intervalText } from "../../src/report/format.ts";
import { overImages, overSeeds } from "../../src/report/reading/method_intervals.ts";
import { byMethod, type LabelledRun } from "../../src/report/reading/method_runs.ts";
import { readRuns } from "../../src/report/reading/labelled_runs.ts";
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { writeMadeUpFolder } from "./made_up_folder.ts";

async function runsIn(
  { path }: TemporaryFolder,
  { stored = true, seeds = [1] }: { stored?: boolean; seeds?: readonly number[] } = {},
): Promise<LabelledRun[]> {
  const paths: string[] = [];
  for (const method of ["prrfl", "fedavg"]) {
    for (const seed of seeds) {
      const run = join(path, `${method}-${seed}`);
      await writeMadeUpFolder(run, { settings: { method, seed } });
      if (stored) await writePredictions(join(run, "predictions.safetensors"), said(method, seed));
      paths.push(run);
    }
  }
  return await readRuns(paths);
}

/** Other predictions of every method, seed, client and role. */
function said(method: string, seed: number): PredictionsEvent {
  const random = new RandomStream(seed, method.length);
  const clients = ["A", "B", "C", "D"].map((client) => {
    const labels = Int32Array.from({ length: 60 }, (_, row) => row % 3);
    const rows = () => {
      const chances = Float32Array.from({ length: 180 }, () => 0.05 + random.uniform());
      return chances.map((chance, cell) => {
        const start = cell - cell % 3;
        return chance / (chances[start] + chances[start + 1] + chances[start + 2]);
      });
    };
    return { client, labels, probabilities: { personal: rows(), deputy: rows() } };
  });
  const classNames = ["nv", "bkl", "mel"];
  return { type: "predictions", round: 2, view: "after", clients, classNames };
}

function variantOf({ variants }: Figure, ...choices: string[]): Variant {
  return variants.find((one) => choices.every((choice, k) => one.choices[k] === choice))!;
}

/** Of a variant's charts the items of the first series that has names. */
// deno-lint-ignore no-explicit-any
function itemsOf({ panels }: Variant, panel = 0): any[] {
  const { series } = panels[panel].option;
  return [series].flat().flatMap((one) => {
    const data = (one as { data?: unknown }).data;
    return Array.isArray(data) ? data : [];
  }).filter((item) => item?.name !== undefined);
}

Deno.test("the figure of results has a line for each method and moment, with its interval", async () => {
  using folder = new TemporaryFolder();
  const runs = await runsIn(folder, { seeds: [1, 2] });
  const figure = resultsFigure(runs);
  assertEquals(figure.switches.map(({ choices }) => choices), [["F1", "AUC"], ["images", "seeds"]]);
  assertEquals(figure.variants.map(({ file }) => file), [
    ...["intervals-f1", null, "intervals-auc", null],
  ]);
  const methods = byMethod(runs);
  for (const [choice, intervalOf] of [["images", overImages], ["seeds", overSeeds]] as const) {
    const names = itemsOf(variantOf(figure, "AUC", choice)).map(({ name }) => name);
    for (const method of methods) {
      const interval = intervalOf(method, { client: null, metric: "auc", view: "after" })!;
      const text = intervalText(interval.value, interval);
      const line = `${method.method}, last communication: ${text} %`;
      assert(names.includes(line), `${line} in ${names.join("; ")}`);
    }
  }
});

Deno.test("without predictions and repetitions the figure of results says what is missing", async () => {
  using folder = new TemporaryFolder();
  const figure = resultsFigure(await runsIn(folder, { stored: false }));
  assertEquals(figure.variants, []);
  assertStringIncludes(figure.missing!, "stored its predictions");
});

Deno.test("the figure of clinical metrics tells each class and all together, of a client or the mean", async () => {
  using folder = new TemporaryFolder();
  const runs = await runsIn(folder);
  const figure = clinicalFigure(runs);
  assertEquals(figure.switches[1].choices, ["mean", "A", "B", "C", "D"]);
  const { clients, classNames } = runs[0].predictions!;
  const found = clients.map(({ labels, probabilities: { personal } }) =>
    clinicalMetrics(labels, personal, 3)
  );
  const { classes, means } = found[1];
  const shown = (metric: string, client: string) =>
    itemsOf(variantOf(figure, metric, client)).slice(0, 4).map(({ name }) => name);
  assertEquals(shown("sensitivity", "B"), [
    ...classNames.map((name, c) => `PRR-FL, ${name}: ${classes[c].sensitivity!.toFixed(1)}`),
    `PRR-FL, all classes: ${means.sensitivity.mean!.toFixed(1)}`,
  ]);
  const meanOf = (value: (metrics: ClinicalMetrics) => number) =>
    found.reduce((sum, metrics) => sum + value(metrics), 0) / found.length;
  const brier = meanOf(({ overall }) => overall.brier!).toFixed(3);
  assertEquals(shown("Brier score", "mean").at(-1), `PRR-FL, all classes: ${brier}`);
  const accuracies = itemsOf(variantOf(figure, "accuracy", "mean")).map(({ name }) => name);
  assertEquals(accuracies.length, 2); // no class has one of its own
  const accuracy = meanOf(({ overall }) => overall.accuracy).toFixed(1);
  assertEquals(accuracies[0], `PRR-FL, all classes: ${accuracy}`);
  assertNotEquals(accuracies[1], `FedAvg, all classes: ${accuracy}`);
  const other = { ...runs[1].predictions!, classNames: ["nv", "mel", "bkl"] };
  const mixed = clinicalFigure([runs[0], { ...runs[1], predictions: other }]);
  assertEquals(itemsOf(variantOf(mixed, "accuracy", "mean")).length, 1);
  assertStringIncludes(mixed.caption, "Runs of other classes are left out.");
  assertStringIncludes(
    clinicalFigure(await runsIn(folder, { stored: false, seeds: [3] })).missing!,
    "predictions",
  );
});

Deno.test("the figure of calibration has a dot for every bin with images", async () => {
  using folder = new TemporaryFolder();
  const runs = await runsIn(folder);
  const figure = calibrationFigure(runs);
  const variant = variantOf(figure, "deputy", "PRR-FL, seed 1");
  const { labels, probabilities: { deputy } } = runs[0].predictions!.clients[1];
  const { bins, ece } = calibration(labels, deputy, 3)!;
  const full = bins.filter(({ images }) => images > 0);
  const dots = itemsOf(variant, 1);
  assertEquals(
    dots.map(({ value }) => value),
    full.map(({ confidence, frequency }) =>
      [confidence, frequency].map((share) => Number((100 * share!).toFixed(1)))
    ),
  );
  assertStringIncludes(dots[0].name, `${full[0].images} images`);
  assertEquals(variant.panels[1].heading, `Client B, ECE ${ece.toFixed(1)}`);
});
