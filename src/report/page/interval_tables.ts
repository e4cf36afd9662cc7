// The tables of uncertainty: intervals over test images and over seeds, and differences of methods.

import { seedInterval } from "../../metrics/seed_interval.ts";
import { percent } from "../format.ts";
import { differenceTable } from "./difference_table.ts";
import { areMany } from "../many_clients.ts";
import { byMethod, type LabelledRun } from "../reading/method_runs.ts";
import { resultIntervals } from "../reading/result_intervals.ts";
import { resultAt } from "../reading/result_views.ts";
import { resultOf, seedsText, type Table, tableMetrics } from "./tables.ts";

/** Those for which there is anything to say. */
export function intervalTables(runs: readonly LabelledRun[]): Table[] {
  return [imagesTable(runs), seedsTable(runs), differenceTable(runs)].filter((table) =>
    table !== null
  );
}

/** "63.2 [58.1, 68.0]", without brackets where there is no interval. */
export function intervalText(
  value: number | null,
  { low, high }: { readonly low: number | null; readonly high: number | null },
): string {
  if (value === null || low === null || high === null) return percent(value);
  return `${percent(value)} [${percent(low)}, ${percent(high)}]`.replaceAll("-", "−"); // of few seeds
}

/** Of runs that stored their predictions. */
function imagesTable(runs: readonly LabelledRun[]): Table | null {
  const known = runs.flatMap((run) => {
    const intervals = resultIntervals(run);
    return intervals === null ? [] : [{ run, intervals }];
  });
  if (known.length === 0) return null;
  const clients = shownClients(runs[0]);
  return {
    caption:
      "Test macro F1 and AUC in %, personal models, after the last communication, with 95 % intervals over " +
      "the test images (stratified bootstrap, each image counting as independent)",
    head: ["Run", "Metric", ...clients.map((name) => `Client ${name}`), "Average"],
    rows: known.flatMap(({ run, intervals }) =>
      tableMetrics.map(([metric, name]) => {
        const { clients: byClient, average } = intervals[metric];
        const cells = [...byClient.slice(0, clients.length), average];
        return [run.label, name, ...cells.map((cell) => intervalText(cell.value, cell))]
          .map((text) => ({ text }));
      })
    ),
  };
}

/** Of methods that several seeds were run of. */
function seedsTable(runs: readonly LabelledRun[]): Table | null {
  const measured = runs.filter((run) => resultAt(run, "after") !== null);
  const repeated = byMethod(measured).filter(({ runs }) => runs.length > 1);
  if (repeated.length === 0) return null;
  const clients = shownClients(runs[0]);
  const columns = [...clients.keys(), null];
  return {
    caption:
      "Test macro F1 and AUC in %, personal models, after the last communication: mean over seeds with its " +
      "95 % interval (Student's t)",
    head: ["Method", "Metric", ...clients.map((name) => `Client ${name}`), "Average"],
    rows: repeated.flatMap((method) =>
      tableMetrics.map(([metric, name]) => {
        const cells = columns.map((client) => {
          const values = method.runs.map((run) => resultOf(run, client, metric, "after"))
            .filter((value) => value !== null);
          if (values.length === 0) return percent(null);
          const interval = seedInterval(values);
          return intervalText(interval.mean, interval);
        });
        return [seedsText(method), name, ...cells].map((text) => ({ text }));
      })
    ),
  };
}

/** Of many only the average has room. */
function shownClients({ run }: LabelledRun): string[] {
  const names = run.clients.map(({ name }) => name);
  return areMany(names) ? [] : names;
}
