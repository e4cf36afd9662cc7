// The tables of uncertainty: intervals over test images and over seeds, and differences of methods.

import { intervalText, percent } from "../format.ts";
import { differenceTables } from "./difference_table.ts";
import { areMany } from "../many_clients.ts";
import { type IntervalOf, overImages, overSeeds, ownViews } from "../reading/method_intervals.ts";
import { byMethod, type LabelledRun, type MethodRuns } from "../reading/method_runs.ts";
import { drawnWords } from "../reading/result_draws.ts";
import { resultAt } from "../reading/result_views.ts";
import { seedsText, type Table, tableMetrics } from "./tables.ts";

/** Those for which there is anything to say. */
export function intervalTables(runs: readonly LabelledRun[]): Table[] {
  const methods = byMethod(runs.filter((run) => resultAt(run, "after") !== null));
  if (methods.length === 0) return [];
  const isRepeated = methods.some(({ runs }) => runs.length > 1);
  const images = intervalTable(
    methods,
    "Intervals over the test images",
    `over the test images (stratified bootstrap, ${drawnWords(runs)}` +
      `${isRepeated ? "; seeds averaged draw by draw" : ""})`,
    overImages,
  );
  const seeds = intervalTable(
    methods,
    "Intervals over seeds",
    "of the mean over seeds (Student's t)",
    overSeeds,
  );
  return [images, seeds].filter(({ rows }) => rows.length > 0).concat(differenceTables(runs));
}

/** Rows of methods, metrics and views that have an interval of their average. */
function intervalTable(
  methods: readonly MethodRuns[],
  name: string,
  words: string,
  intervalOf: IntervalOf,
): Table {
  const names = methods[0].runs[0].run.clients.map(({ name }) => name);
  const clients = areMany(names) ? [] : names; // of many only the average has room
  return {
    name,
    caption: `Test macro F1 and AUC in %, personal models, with 95 % intervals ${words}`,
    head: [
      ...["Method", "Metric", "Measured after"],
      ...clients.map((name) => `Client ${name}`),
      "Average",
    ],
    rows: methods.flatMap((method) =>
      tableMetrics.flatMap(([metric, metricName]) =>
        ownViews(method).flatMap(({ view, name }) => {
          const cells = [...clients.keys(), null]
            .map((client) => intervalOf(method, { client, metric, view }));
          if (cells.at(-1) === null) return [];
          const texts = cells.map((cell) => cell ? intervalText(cell.value, cell) : percent(null));
          return [[seedsText(method), metricName, name, ...texts].map((text) => ({ text }))];
        })
      )
    ),
  };
}
