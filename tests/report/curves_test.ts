// The curves: which values they go through, and that the figure says what it shows.

import type { AggregationEvent, EpochEvent, RunEvent } from "../../src/federated/events.ts";
import { curvesSvg, metricCurves } from "../../src/report/curves.ts";
import { loadPngRenderer } from "../../src/report/png.ts";
import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "../assert.ts";
import { madeUpRun, type MadeUpSize } from "./made_up_run.ts";

function madeUpHistory(size: MadeUpSize = {}): [RunEvent, (EpochEvent | AggregationEvent)[]] {
  const [run, ...rest] = madeUpRun(size);
  const history = rest.filter(({ type }) => type === "epoch" || type === "aggregation");
  return [run as RunEvent, history as (EpochEvent | AggregationEvent)[]];
}

Deno.test("metricCurves() has a value per epoch for every client and the mean", () => {
  const [run, history] = madeUpHistory({ rounds: 3, localEpochs: 2 });
  const curves = metricCurves(run, history, "f1");
  assertEquals(curves.map(({ name }) => name), ["A", "B", "C", "D", "mean"]);
  assert(curves.every(({ values }) => values.length === 6));
  const clients = curves.slice(0, 4).map(({ values }) => values[3]!);
  assertAlmostEquals(curves[4].values[3]!, clients.reduce((a, b) => a + b) / 4);
});

Deno.test("metricCurves() takes the last epoch of a round from after the aggregation", () => {
  const [run, history] = madeUpHistory({ rounds: 1, localEpochs: 2 });
  const after = history[2] as AggregationEvent;
  const test = { ...after.test, personal: { ...after.test.personal, f1: 12 } };
  const curves = metricCurves(run, [history[0], history[1], { ...after, test }], "f1");
  assertEquals(curves.at(-1)!.values[1], 12);
});

Deno.test("metricCurves() keeps an undefined AUC as null", () => {
  const [run, history] = madeUpHistory();
  assertEquals(metricCurves(run, history, "auc")[3].values[0], null);
});

Deno.test("curvesSvg() names the metric, the axes with units, and every curve", () => {
  const [run, history] = madeUpHistory();
  const svg = curvesSvg(run, history, "auc");
  const texts = [
    "Test AUC of the personal models",
    "one-vs-rest AUC (%)",
    "local epochs completed",
  ];
  for (const text of [...texts, "A  63.3", "mean  66.2"]) assertStringIncludes(svg, text);
});

Deno.test("curvesSvg() draws a run of one epoch, one client and no defined AUC", async () => {
  const [run, history] = madeUpHistory({
    rounds: 1,
    localEpochs: 1,
    clients: ["only one, long name"],
  });
  const undefinedAuc = history.map((event) =>
    event.type === "epoch"
      ? { ...event, mean: { ...event.mean, personal: { ...event.mean.personal, auc: null } } }
      : event
  );
  const { render } = await loadPngRenderer();
  for (const metric of ["f1", "auc"] as const) {
    assert(render(curvesSvg(run, undefinedAuc, metric), 1).length > 1000);
  }
});
