// The figures: which values they draw, what they say, and when they are left out.

import type { EChartsOption, LineSeriesOption } from "echarts";
import { fourierWindow } from "../../src/federated/aggregate/fourier.ts";
import { clientCurvesFigure } from "../../src/report/figures/client_curves.ts";
import { confusionFigure } from "../../src/report/figures/confusion_figure.ts";
import type { Figure, Variant } from "../../src/report/figures/figure.ts";
import { methodCurve, retrogressFigure } from "../../src/report/figures/retrogress_figure.ts";
import { rocFigure } from "../../src/report/figures/roc_figure.ts";
import { blockMeans, spectraFigure, windowOf } from "../../src/report/figures/spectra_figure.ts";
import { stageTimeline } from "../../src/report/figures/stage_timeline.ts";
import { trace } from "../../src/report/figures/trace.ts";
import { labelled, type LabelledRun } from "../../src/report/reading/method_runs.ts";
import { pictureSvg } from "../../src/report/page/picture.ts";
import { loadPngRenderer } from "../../src/report/page/png.ts";
import { readRun } from "../../src/report/reading/recorded_run.ts";
import { reportFigures } from "../../src/report/page/report.ts";
import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import {
  addPredictions,
  addSpectra,
  type MadeUpFolder,
  madeUpRows,
  writeMadeUpFolder,
} from "./made_up_folder.ts";
import { madeUpRun } from "./made_up_run.ts";

/** One run with everything that a folder can hold. */
async function madeUpRunOf(made: MadeUpFolder = {}, { withTensors = true } = {}) {
  using folder = new TemporaryFolder();
  await writeMadeUpFolder(folder.path, made);
  if (withTensors) {
    await addPredictions(folder.path, [...made.clients ?? ["A", "B", "C", "D"]]);
    await addSpectra(folder.path, { clients: [...made.clients ?? ["A", "B", "C", "D"]] });
  }
  return await readRun(folder.path);
}

/** Runs of the same numbers but these additional percentage points of F1. */
async function seeds(points: readonly number[]): Promise<LabelledRun[]> {
  const runs = points.map(async (more, index) => {
    const text = JSON.stringify(madeUpRows()).replace(
      /"f1":([\d.]+)/g,
      (_, f1) => `"f1":${Number(f1) + more}`,
    );
    const made = { rows: JSON.parse(text), settings: { seed: index + 1 } };
    return await madeUpRunOf(made, { withTensors: false });
  });
  return labelled(await Promise.all(runs));
}

function pick(figure: Figure, ...choices: string[]): Variant {
  const found = figure.variants.find((variant) =>
    choices.every((choice) => variant.choices.includes(choice))
  );
  assert(found !== undefined, `no variant ${choices}`);
  return found;
}

function lineNamed(option: EChartsOption, name: string): LineSeriesOption {
  const line = (option.series as LineSeriesOption[]).find((series) => series.name === name);
  assert(line !== undefined, `no line ${name}`);
  return line;
}

Deno.test("trace() has a point before and one after every communication", async () => {
  const run = await madeUpRunOf({ rounds: 2, localEpochs: 2 });
  const deputy = { split: "test", role: "deputy", client: null, metric: "f1" } as const;
  const points = trace(run, deputy);
  assertEquals(points.map(({ x, after }) => `${x}${after ? "+" : ""}`), [
    ...["1", "2", "2+", "3", "4", "4+"],
  ]);
  const [before, after] = [points[1].value!, points[2].value!];
  assertAlmostEquals(before - after, 10, 1e-9); // deputies lose 10 points in the made-up run
  const train = trace(run, { ...deputy, split: "train", client: "C" });
  assertEquals(train.map(({ x }) => x), [1, 2, 3, 4]);
  assertEquals(
    train[0].value,
    run.rows[0].type === "epoch" ? run.rows[0].clients[2].train!.deputy.f1 : null,
  );
});

Deno.test("trace() puts evaluations between epochs, and drops what is measured twice", async () => {
  const rows = madeUpRows({ rounds: 2, localEpochs: 2 });
  const evaluated = rows.flatMap((row) => {
    if (row.type !== "epoch") return [row];
    const { round, epoch, clients, mean } = row;
    const at = (step: number) => ({
      type: "evaluation",
      round,
      epoch,
      step,
      steps: 4,
      clients,
      mean,
    });
    return [at(0), at(2), at(4), row];
  });
  const run = await madeUpRunOf({ rows: evaluated });
  const points = trace(run, { split: "test", role: "deputy", client: "A", metric: "f1" });
  assertEquals(points.map(({ x, after }) => `${x}${after ? "+" : ""}`), [
    ...["0+", "0.5", "1", "1.5", "2", "2+", "2.5", "3", "3.5", "4", "4+"],
  ]);
});

Deno.test("methodCurve() is mean and standard deviation over seeds", async () => {
  const runs = await seeds([-3, 0, 6]);
  const choice = { metric: "f1", choice: "receives weights", client: null } as const;
  const { name, points } = methodCurve({ method: "PRR-FL", runs }, choice);
  const [single] = methodCurve({ method: "PRR-FL", runs: [runs[1]] }, choice).points;
  assertEquals(name, "PRR-FL");
  assertAlmostEquals(points[0].value!, single.value! + 1, 1e-9);
  assertAlmostEquals(points[0].deviation!, Math.sqrt((16 + 1 + 25) / 2), 1e-9);
  assertEquals(single.deviation, 0);
});

Deno.test("retrogressFigure() falls vertically, with bands for several seeds", async () => {
  const figure = retrogressFigure(await seeds([0, 2]));
  const { panels: [{ option }], file } = pick(figure, "F1", "receives weights", "mean");
  assertEquals(file, "retrogress-f1");
  const data = lineNamed(option, "PRR-FL").data as [number, number][];
  const fall = data.filter(([x]) => x === 2).map(([, value]) => value);
  assertEquals(fall.length, 2);
  assertAlmostEquals(fall[0] - fall[1], 10, 0.011); // two decimals are drawn
  const band = (option.series as LineSeriesOption[]).filter(({ stack }) => stack !== undefined);
  assertEquals(band.length, 2);
  const [lower, height] = band.map(({ data }) => (data as [number, number][])[0][1]);
  assertAlmostEquals(lower + height / 2, data[0][1], 0.011);
  assertAlmostEquals(height, 2 * Math.SQRT2, 0.011);
  assertStringIncludes(figure.caption, "standard deviation");
});

Deno.test("retrogressFigure() compares methods, and draws no bands for one seed", async () => {
  const runs = labelled([
    await madeUpRunOf({}),
    await madeUpRunOf({ settings: { method: "fedavg" } }),
  ]);
  const figure = retrogressFigure(runs);
  const { option } = pick(figure, "AUC", "personal", "B").panels[0];
  const names = (option.series as LineSeriesOption[]).map(({ name }) => name);
  assertEquals(names, [undefined, "PRR-FL", "FedAvg"]);
  assert(!figure.caption.includes("deviation"));
  assertEquals(figure.switches.map(({ choices }) => choices.length), [2, 2, 5]);
});

Deno.test("clientCurvesFigure() draws every client and the mean, n/a as gaps", async () => {
  const [run] = labelled([await madeUpRunOf()]);
  const figure = clientCurvesFigure([run]);
  assertEquals(figure.variants.length, 4 * 2 * 2); // metrics, splits, roles
  const { option } = pick(figure, "AUC", "test", "personal").panels[0];
  const names = (option.series as LineSeriesOption[]).map(({ name }) => name);
  assertEquals(names.slice(1), ["A", "B", "C", "D", "mean"]);
  assertEquals((lineNamed(option, "D").data as [number, unknown][])[0], [1, "-"]);
  assertEquals(pick(figure, "F1", "test", "personal").file, "curve-Test-F1-all-client");
  assertEquals(pick(figure, "F1", "train", "personal").file, null);
});

Deno.test("pictures name metric, axes with units, every line with its last value", async () => {
  const [run] = labelled([await madeUpRunOf()]);
  const figure = clientCurvesFigure([run]);
  const svg = pictureSvg(pick(figure, "AUC", "test", "personal"), figure.caption);
  const texts = ["Test AUC of the personal models", "one-vs-rest AUC (%)", "local epochs"];
  for (const text of [...texts, "A  63.3", "mean  66.2"]) assertStringIncludes(svg, text);
});

Deno.test("stageTimeline() has a cell for each client and epoch", async () => {
  const figure = stageTimeline(labelled([await madeUpRunOf({ rounds: 2, localEpochs: 2 })]));
  const { option } = figure.variants[0].panels[0];
  const [{ data }] = option.series as { data: number[][] }[];
  assertEquals(data.length, 4 * 4);
  const cell = (epoch: number, client: number) =>
    data.find(([x, y]) => x === epoch && y === client)![2];
  assertEquals([cell(0, 0), cell(1, 0), cell(1, 1), cell(2, 1)], [1, 2, 3, 1]);
});

Deno.test("stageTimeline() tells what decided, where rows and settings do", async () => {
  const settings = { alpha1: 0.6, alpha2: 0.8 };
  const made = { rounds: 1, localEpochs: 2, evaluated: true, settings };
  const [run] = labelled([await madeUpRunOf(made)]);
  const cellsOf = (run: LabelledRun) => {
    const [{ data }] = stageTimeline([run]).variants[0].panels[0].option.series as {
      data: number[][];
    }[];
    return data;
  };
  const [decision] = run.decisions!.filter(({ epoch }) => epoch === 1);
  const { deputy, personal } = decision.clients[2].decision!;
  const f1s = [deputy.f1, personal.f1].map((f1) => Number(f1.toFixed(3)));
  const cell = cellsOf(run).find(([epoch, client]) => epoch === 1 && client === 2)!;
  assertEquals(cell.slice(3), [...f1s, 0.6, 0.8]);
  assertEquals(cellsOf({ ...run, settings: {} })[0].length, 3 + 2); // from an older folder
  assertEquals(cellsOf({ ...run, decisions: undefined })[0].length, 3);
});

Deno.test("confusionFigure() counts images, and colours by shares of the rows", async () => {
  const figure = confusionFigure(labelled([await madeUpRunOf()]));
  const valuesOf = (role: string) => {
    const { panels } = pick(figure, role);
    assertEquals(
      panels.map(({ heading }) => heading),
      ["A", "B", "C", "D"].map((c) => `Client ${c}`),
    );
    const [{ data }] = panels[0].option.series as { data: { value: number[] }[] }[];
    return data.map(({ value }) => value);
  };
  // [predicted, true, % of the row, count]
  assertEquals(valuesOf("personal").filter(([x, y]) => x === y), [
    [0, 0, 100, 2],
    [1, 1, 100, 2],
    [2, 2, 100, 3],
  ]);
  assertEquals(valuesOf("deputy").filter(([x]) => x === 0), [
    [0, 0, 100, 2],
    [0, 1, 100, 2],
    [0, 2, 100, 3],
  ]);
});

Deno.test("rocFigure() draws perfect and useless classes, with their AUC", async () => {
  const figure = rocFigure(labelled([await madeUpRunOf()]));
  const data = (role: string, name: string) =>
    lineNamed(pick(figure, role).panels[1].option, name).data;
  assertEquals(data("personal", "mel, AUC 100.0"), [[0, 0], [0, 100], [100, 100]]);
  assertEquals(data("deputy", "nv, AUC 50.0"), [[0, 0], [100, 100]]);
});

Deno.test("windowOf() is the window of the aggregation", () => {
  for (const n of [1, 2, 5, 27, 64, 96]) {
    for (const rate of [0, 0.3, 0.7, 0.95, 1]) {
      const { begin, end } = fourierWindow(n, rate);
      const centre = Math.floor(n / 2);
      assertEquals(
        windowOf({ rows: n, cols: 1 }, rate).rows,
        [begin - centre, end - centre]
          .map((value) => value + 0) as [number, number],
      );
    }
  }
});

Deno.test("blockMeans() keeps small spectra and averages large ones", () => {
  const small = { rows: 2, cols: 3, values: Float32Array.of(1, 2, 3, 4, 5, 6) };
  assertEquals(blockMeans(small).values, [1, 2, 3, 4, 5, 6]);
  const large = { rows: 1, cols: 128, values: Float32Array.from({ length: 128 }, (_, i) => i) };
  const { rows, cols, values } = blockMeans(large);
  assertEquals([rows, cols], [1, 64]);
  assertEquals(values.slice(0, 3), [0.5, 2.5, 4.5]);
});

Deno.test("spectraFigure() shows logarithms, their ratio and the window", async () => {
  const figure = spectraFigure(labelled([await madeUpRunOf()]));
  assertEquals(figure.variants.length, 4);
  const { title, panels } = pick(figure, "B");
  assertStringIncludes(title, "layer1.0.conv.weight of client B, communication 3, rate 0.500");
  const [, , ratio] = panels;
  const [{ data: cells }, { data: frame }] = ratio.option.series as { data: number[][] }[];
  assertEquals(cells.length, 6 * 9);
  assertEquals([...new Set(cells.map(([, , value]) => value))].sort(), [0, 1]);
  // 6 rows: [3 − 1, 3 + 1); 9 columns: [4 − 2, 4 + 2); counted from zero frequency
  assertEquals(frame, [[-2, -1], [2, -1], [2, 1], [-2, 1], [-2, -1]]);
  assertEquals(cells.filter(([, , value]) => value === 1).map(([x, y]) => [x - 4, y - 3]), [
    ...[-1, 0].flatMap((row) => [-2, -1, 0, 1].map((column) => [column, row])),
  ]);
});

Deno.test("figures without data say what is missing", async () => {
  const rows = madeUpRows({ localEpochs: 1 })
    .map((row) => JSON.parse(JSON.stringify(row).replace(/"stage":\d/g, '"stage":4')));
  const runs = labelled([await madeUpRunOf({ rows }, { withTensors: false })]);
  const missing = reportFigures(runs).filter((figure) => figure.missing !== null);
  assertEquals(missing.map(({ id }) => id), [
    ...["intervals", "stages", "spectra", "clinical", "confusion", "roc", "calibration"],
  ]);
  assert(missing.every(({ variants }) => variants.length === 0));

  const begun = { run: madeUpRun().next().value as never, rows: [] };
  const empty = labelled([{ ...runs[0], ...begun }]);
  assert(reportFigures(empty).every(({ missing }) => missing !== null));
});

Deno.test("every picture is drawn, of one client, one epoch and undefined AUCs too", async () => {
  const text = JSON.stringify(madeUpRows({ rounds: 1, localEpochs: 1, clients: ["long name"] }));
  const rows = JSON.parse(text.replace(/"auc":[\d.]+/g, '"auc":null'));
  const run = await madeUpRunOf({ rows, clients: ["long name"] });
  const runs = labelled([{ ...run, predictions: { ...run.predictions!, round: 0 } }]);
  const { render } = await loadPngRenderer();
  let drawn = 0;
  for (const { caption, variants } of reportFigures(runs)) {
    for (const variant of variants.filter(({ file }) => file !== null)) {
      assert(render(pictureSvg(variant, caption), 0.5).length > 1000, variant.title);
      drawn++;
    }
  }
  assertEquals(drawn, 2 + 2 + 2 + 1 + 1 + 1 + 1); // retrogress, intervals, curves; stages, spectrum, confusion, ROC
});

Deno.test("names of any length and with control characters, and many classes, are drawn", async () => {
  const { render } = await loadPngRenderer();
  const labels = Int32Array.from({ length: 600 }, (_, index) => index % 300);
  const probabilities = Float32Array.from(
    { length: 600 * 300 },
    (_, index) => ((index * 7919) % 101) / 101,
  );
  const classNames = Array.from(
    { length: 300 },
    (_, index) => `${index}\u0007\ud800`.padEnd(200, "w"),
  );
  const run = await madeUpRunOf();
  const clients = [{
    client: "A\u0001\u001b[2J",
    labels,
    probabilities: { personal: probabilities },
  }];
  const predictions = { round: 1, classNames, clients };
  const [labelledRun] = labelled([{
    ...run,
    run: { ...run.run, roles: ["personal"] },
    predictions,
  }]);
  for (const figure of [rocFigure([labelledRun]), confusionFigure([labelledRun])]) {
    const svg = pictureSvg(figure.variants[0], figure.caption);
    assert(!/[^\P{Cc}\t\n\r]/u.test(svg));
    assert(svg.length < 1e6, `${svg.length}`);
    assert(render(svg, 0.5).length > 1000);
  }
  const [{ heading, option }] = rocFigure([labelledRun]).variants[0].panels;
  assertStringIncludes(heading!, "the 8 of 300 classes with most images");
  assertEquals((option.legend as { data: string[] }).data.length, 8);
});
