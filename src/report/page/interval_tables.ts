// The tables of uncertainty: intervals over test images and over seeds, and differences of methods.

import { type BootstrapInterval, intervalOfDraws } from "../../metrics/bootstrap.ts";
import { seedInterval } from "../../metrics/seed_interval.ts";
import { intervalText, percent } from "../format.ts";
import { differenceTables } from "./difference_table.ts";
import { areMany } from "../many_clients.ts";
import { byMethod, type LabelledRun, type MethodRuns } from "../reading/method_runs.ts";
import { type DrawnMetric, meanDraws, resultDraws } from "../reading/result_draws.ts";
import { resultAt, resultOf, type ResultView, resultViews } from "../reading/result_views.ts";
import { seedsText, type Table, tableMetrics } from "./tables.ts";

/** Those for which there is anything to say. */
export function intervalTables(runs: readonly LabelledRun[]): Table[] {
  const methods = byMethod(runs.filter((run) => resultAt(run, "after") !== null));
  if (methods.length === 0) return [];
  const repeated = methods.some(({ runs }) => runs.length > 1);
  const images = intervalTable(
    methods,
    "over the test images (stratified bootstrap, each image counting as independent" +
      `${repeated ? "; seeds averaged draw by draw" : ""})`,
    overImages,
  );
  const seeds = intervalTable(methods, "of the mean over seeds (Student's t)", overSeeds);
  return [images, seeds].filter(({ rows }) => rows.length > 0).concat(differenceTables(runs));
}

type Interval = Pick<BootstrapInterval, "value" | "low" | "high">;
/** null where there is none to be had of a method; `client` null: of the average */
type IntervalOf = (
  method: MethodRuns,
  client: number | null,
  metric: DrawnMetric,
  view: ResultView,
) => Interval | null;

/** Rows of methods, metrics and views that have an interval of their average. */
function intervalTable(
  methods: readonly MethodRuns[],
  words: string,
  intervalOf: IntervalOf,
): Table {
  const names = methods[0].runs[0].run.clients.map(({ name }) => name);
  const clients = areMany(names) ? [] : names; // of many only the average has room
  return {
    caption: `Test macro F1 and AUC in %, personal models, with 95 % intervals ${words}`,
    head: [
      ...["Method", "Metric", "Measured after"],
      ...clients.map((name) => `Client ${name}`),
      "Average",
    ],
    rows: methods.flatMap((method) =>
      tableMetrics.flatMap(([metric, name]) =>
        resultViews.filter(({ view }) => isOfItsOwn(method, view)).flatMap((view) => {
          const cells = [...clients.keys(), null]
            .map((client) => intervalOf(method, client, metric, view.view));
          if (cells.at(-1) === null) return [];
          const texts = cells.map((cell) => cell ? intervalText(cell.value, cell) : percent(null));
          return [[seedsText(method), name, view.name, ...texts].map((text) => ({ text }))];
        })
      )
    ),
  };
}

/** Where nothing is communicated, before and after are the same. */
function isOfItsOwn({ runs }: MethodRuns, view: ResultView): boolean {
  return view !== "before" || runs.some(({ run }) => run.sharedRole !== null);
}

function overImages(...[{ runs }, client, metric, view]: Parameters<IntervalOf>): Interval | null {
  const draws = runs.map((run) => resultDraws(run, view)?.[metric])
    .map((drawn) => client === null ? drawn?.average : drawn?.clients[client])
    .filter((drawn) => drawn !== undefined);
  return draws.length < runs.length || view === "chosen" ? null : intervalOfDraws(meanDraws(draws));
}

function overSeeds(...[{ runs }, client, metric, view]: Parameters<IntervalOf>): Interval | null {
  const values = runs.map((run) => resultOf(run, client, metric, view))
    .filter((value) => value !== null);
  if (runs.length === 1 || values.length === 0) return null;
  const { mean, low, high } = seedInterval(values);
  return { value: mean, low, high };
}
