// The tables of a report: results of each method, and what was run.

import type { MeanMetrics } from "../../metrics/classification.ts";
import { deviation, mean, meanOfDefined } from "../../metrics/statistics.ts";
import { windowWords } from "../reading/chosen_round.ts";
import { counted, membersText, percent, recordedText } from "../format.ts";
import { areMany, distribution, distributionNames } from "../many_clients.ts";
import { byMethod, type LabelledRun, lastName, type MethodRuns } from "../reading/method_runs.ts";
import type { RecordedHistory } from "../reading/progress.ts";
import { resultAt, type ResultView, resultViews } from "../reading/result_views.ts";
import { type SkippedRounds, skippedRounds } from "../reading/skipped_rounds.ts";

/** One table, all text. */
export interface Table {
  readonly caption: string;
  readonly head: readonly string[];
  /** the first cell names the row */
  readonly rows: readonly (readonly Cell[])[];
}

export interface Cell {
  readonly text: string;
  /** the best of its column, where there are several rows */
  readonly best?: boolean;
}

/** Every metric of a comparison, and its name. */
export const tableMetrics = [["f1", "F1"], ["auc", "AUC"]] as const;

/** The personal models' test results of each method: the three views side by side, then every client's. */
export function resultTables(runs: readonly LabelledRun[]): Table[] {
  const measured = runs.filter((run) => resultAt(run, "after") !== null);
  if (measured.length === 0) return [];
  const methods = byMethod(measured);
  return [
    viewsTable(methods),
    ...tableMetrics.map(([metric, name]) => clientsTable(methods, metric, name)),
  ];
}

/** Means over clients; with a column of what was skipped if anything was. */
function viewsTable(methods: readonly MethodRuns[]): Table {
  const columns = tableMetrics.flatMap(([metric, name]) =>
    resultViews.map(({ view }) => ({ metric, view, head: `${name} ${view}` }))
  );
  const samples = methods.map(({ runs }) =>
    columns.map(({ metric, view }) => runs.map((run) => sampleOf(run, null, metric, view)))
  );
  const skipped = methods.map(({ runs }) => runs.map(({ rows }) => skippedRounds(rows)));
  const isSkipped = skipped.flat().some(({ skipped }) => skipped > 0);
  return {
    caption:
      `Test macro F1 and AUC in %, personal models, mean over clients, each counting the same: before the ` +
      "last communication (after the last local epoch), after it, and at the round chosen by validation " +
      `(${windowsWords(methods)})${spreadWords(methods)}`,
    head: [
      "Method",
      ...columns.map(({ head }) => head),
      ...(isSkipped ? ["Client-rounds skipped"] : []),
    ],
    rows: methods.map((method, row) => [
      { text: seedsText(method) },
      ...bestMarked(samples, row),
      ...(isSkipped ? [{ text: skippedCell(skipped[row]) }] : []),
    ]),
  };
}

/** A metric of every client and their average, or of many where they lie: for each method a row per view. */
function clientsTable(methods: readonly MethodRuns[], metric: "f1" | "auc", name: string): Table {
  const clients = methods[0].runs[0].run.clients.map(({ name }) => name);
  if (areMany(clients)) return distributionTable(methods, metric, name);
  const cells = resultViews.map(({ view }) => {
    const samples = methods.map(({ runs }) =>
      [...clients.keys(), null].map((client) =>
        runs.map((run) => sampleOf(run, client, metric, view))
      )
    );
    return methods.map((_, row) => bestMarked(samples, row));
  });
  return {
    caption: `Test macro ${name} in %, personal models of each client${spreadWords(methods)}`,
    head: ["Method", "Measured after", ...clients.map((name) => `Client ${name}`), "Average"],
    rows: methods.flatMap((method, row) =>
      resultViews.map(({ name }, view) => [
        { text: seedsText(method) },
        { text: name },
        ...cells[view][row],
      ])
    ),
  };
}

/** Where a metric's values lie over clients, each the mean of its seeds. */
function distributionTable(
  methods: readonly MethodRuns[],
  metric: "f1" | "auc",
  name: string,
): Table {
  const { clients } = methods[0].runs[0].run;
  return {
    caption: `Test macro ${name} in %, personal models: where the ${clients.length} clients lie`,
    head: ["Method", "Measured after", ...distributionNames, "standard deviation"],
    rows: methods.flatMap((method) =>
      resultViews.map(({ view, name }) => {
        const values = clients.map((_, client) =>
          meanOfDefined(method.runs.map((run) => sampleOf(run, client, metric, view).value))
        );
        const defined = values.filter((value) => value !== null);
        const cells = [...distribution(values), defined.length === 0 ? null : deviation(defined)];
        return [seedsText(method), name, ...cells.map(percent)].map((text) => ({ text }));
      })
    ),
  };
}

/** Which folders the report was made from. */
export function runsTable(runs: readonly LabelledRun[]): Table {
  return {
    caption: "Runs of this report",
    head: ["Run", "Folder", "Rounds × epochs", "Data", "Adapter", "State"],
    rows: runs.map(({ label, folder, run, settings, adapter, finished }) =>
      [
        label,
        lastName(folder),
        `${run.rounds} × ${run.localEpochs}`,
        String(settings.data ?? ""),
        adapter,
        finished ? "finished" : "not finished",
      ].map((text) => ({ text }))
    ),
  };
}

/** Every setting; those that differ between runs have a value per run. */
export function settingsTable(runs: readonly LabelledRun[]): Table {
  const names = [...new Set(runs.flatMap(({ settings }) => Object.keys(settings)))];
  const shown = ({ settings }: LabelledRun, name: string) => recordedText(settings[name]);
  return {
    caption: "Settings, by the name of their flag",
    head: ["Setting", ...runs.map(({ label }) => label)],
    rows: names.map((name) => [name, ...runs.map((run) => shown(run, name))])
      .map((row) => row.map((text) => ({ text }))),
  };
}

/** The personal models' result so far, percent; null where there is none or it is n/a. */
export function resultOf(
  run: RecordedHistory,
  client: number | null,
  metric: "f1" | "auc",
  view: ResultView,
): number | null {
  return metricsOf(run, client, view)?.[metric] ?? null;
}

/** Clients that an average AUC is over; of one client 1, or 0 where it has none. */
export function clientsWithAuc(
  run: RecordedHistory,
  client: number | null,
  view: ResultView,
): number | null {
  const metrics = metricsOf(run, client, view);
  if (metrics === null) return null;
  const all = client === null ? run.run.clients.length : 1;
  return metrics.auc === null ? 0 : metrics.aucOf?.defined ?? all;
}

function metricsOf(
  run: RecordedHistory,
  client: number | null,
  view: ResultView,
): MeanMetrics | null {
  const result = resultAt(run, view);
  if (result === null) return null;
  const test = client === null ? result.mean : result.clients[client].test;
  return test[run.run.personalRole];
}

/** One run's value of a cell. */
interface Sample {
  readonly value: number | null;
  /** which of the clients an average is over, if not all */
  readonly members: string;
}

function sampleOf(
  run: RecordedHistory,
  client: number | null,
  metric: "f1" | "auc",
  view: ResultView,
): Sample {
  const metrics = metricsOf(run, client, view);
  return {
    value: metrics?.[metric] ?? null,
    members: metrics && metric === "auc" ? membersText(metrics) : "",
  };
}

function bestMarked(
  samples: readonly (readonly (readonly Sample[])[])[],
  row: number,
): Cell[] {
  const valuesOf = (cell: readonly Sample[]) => cell.map(({ value }) => value);
  return samples[row].map((cell, column) => ({
    text: spreadText(valuesOf(cell)) + [...new Set(cell.map(({ members }) => members))].join(""),
    best: isBest(samples.map((row) => meanOfDefined(valuesOf(row[column]))), row),
  }));
}

/** Where each run looked for its best round. */
function windowsWords(methods: readonly MethodRuns[]): string {
  const rounds = methods.flatMap(({ runs }) => runs.map(({ run }) => run.rounds));
  return [...new Set(rounds.map(windowWords))].join(" or ");
}

function skippedCell(runs: readonly SkippedRounds[]): string {
  const sum = (of: "skipped" | "begun") => runs.reduce((sum, run) => sum + run[of], 0);
  return `${sum("skipped")} of ${sum("begun")}`;
}

/** "63.2" of one seed, "63.2 ± 1.1" of several. */
export function spreadText(
  values: readonly (number | null)[],
  shown: (value: number) => string = percent,
): string {
  const defined = values.filter((value) => value !== null);
  if (defined.length === 0) return "n/a";
  const centre = shown(mean(defined));
  if (defined.length === 1) return centre;
  return `${centre.replace("±", "")} ± ${deviation(defined).toFixed(1)}`; // no "±0.0 ± 0.1"
}

function isBest(column: readonly (number | null)[], row: number): boolean {
  const value = column[row];
  return column.length > 1 && value !== null &&
    column.every((other) => other === null || other <= value);
}

export function seedsText({ method, runs }: MethodRuns): string {
  return runs.length === 1 ? method : `${method} (${counted(runs.length, "seed")})`;
}

export function spreadWords(methods: readonly MethodRuns[]): string {
  const several = methods.some(({ runs }) => runs.length > 1);
  return several ? "; mean ± standard deviation over seeds" : "";
}
