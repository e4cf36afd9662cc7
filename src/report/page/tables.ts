// The tables of a report: results of each method, and what was run.

import { deviation, mean, meanOfDefined } from "../../metrics/statistics.ts";
import { windowWords } from "../reading/chosen_round.ts";
import { counted, membersText, percent, recordedText } from "../format.ts";
import { areMany, distribution, distributionNames, spread } from "../many_clients.ts";
import { byMethod, type LabelledRun, lastName, type MethodRuns } from "../reading/method_runs.ts";
import { bestMethod } from "../reading/differences.ts";
import {
  metricsAt,
  resultAt,
  resultOf,
  type ResultView,
  resultViews,
} from "../reading/result_views.ts";
import { type SkippedRounds, skippedRounds } from "../reading/skipped_rounds.ts";

/** One table, all text. */
export interface Table {
  /** of a table that is folded away in a page until somebody asks for it by this name */
  readonly name?: string;
  readonly caption: string;
  readonly head: readonly string[];
  /** the first cell names the row */
  readonly rows: readonly (readonly Cell[])[];
}

export interface Cell {
  readonly text: string;
  /** better than all others of its column, by more than chance */
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
  const best = columns.map(({ metric, view }) => bestMethod(methods, metric, view));
  const skipped = methods.map(({ runs }) => runs.map(({ rows }) => skippedRounds(rows)));
  const isSkipped = skipped.flat().some(({ skipped }) => skipped > 0);
  return {
    caption:
      `Test macro F1 and AUC in %, personal models, mean over clients, each counting the same: before the ` +
      "last communication (after the last local epoch), after it, and at the round chosen by validation " +
      `(${windowsWords(methods)})${spreadWords(methods)}${
        best.some((one) => one !== null) ? bestWords(methods) : ""
      }`,
    head: [
      "Method",
      ...columns.map(({ head }) => head),
      ...(isSkipped ? ["Client-rounds skipped"] : []),
    ],
    rows: methods.map((method, row) => [
      { text: seedsText(method) },
      ...columns.map(({ metric, view }, column) => ({
        text: cellText(method, null, metric, view),
        best: best[column] === method,
      })),
      ...(isSkipped ? [{ text: skippedCell(skipped[row]) }] : []),
    ]),
  };
}

/** A metric of every client and their average, or of many where they lie: for each method a row per view. */
function clientsTable(methods: readonly MethodRuns[], metric: "f1" | "auc", name: string): Table {
  const clients = methods[0].runs[0].run.clients.map(({ name }) => name);
  if (areMany(clients)) return distributionTable(methods, metric, name);
  return {
    caption:
      `Test macro ${name} in %, personal models of each client${
        spreadWords(methods)
      }; beside the average the ` +
      "worst client and the standard deviation over clients",
    head: [
      ...["Method", "Measured after", ...clients.map((name) => `Client ${name}`)],
      ...["Average", "Worst", "Deviation"],
    ],
    rows: methods.flatMap((method) =>
      resultViews.map(({ name, view }) => {
        const { worst, deviation } = spread(byClient(method, metric, view));
        return [
          seedsText(method),
          name,
          ...[...clients.keys(), null].map((client) => cellText(method, client, metric, view)),
          ...[worst, deviation].map(percent),
        ].map((text) => ({ text }));
      })
    ),
  };
}

/** Where a metric's values lie over clients, each the mean of its seeds. */
function distributionTable(
  methods: readonly MethodRuns[],
  metric: "f1" | "auc",
  name: string,
): Table {
  const { length } = methods[0].runs[0].run.clients;
  return {
    caption: `Test macro ${name} in %, personal models: where the ${length} clients lie`,
    head: ["Method", "Measured after", ...distributionNames, "standard deviation"],
    rows: methods.flatMap((method) =>
      resultViews.map(({ view, name }) => {
        const values = byClient(method, metric, view);
        const cells = [...distribution(values), spread(values).deviation];
        return [seedsText(method), name, ...cells.map(percent)].map((text) => ({ text }));
      })
    ),
  };
}

/** Every client's value, the mean over seeds. */
function byClient(
  { runs }: MethodRuns,
  metric: "f1" | "auc",
  view: ResultView,
): (number | null)[] {
  return runs[0].run.clients.map((_, client) =>
    meanOfDefined(runs.map((run) => resultOf(run, client, metric, view)))
  );
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

/** Mean and spread over seeds, with how many clients an AUC is over if not over all. */
function cellText(
  { runs }: MethodRuns,
  client: number | null,
  metric: "f1" | "auc",
  view: ResultView,
): string {
  const found = runs.map((run) => metricsAt(run, client, view));
  const members = found.map((one) => one && metric === "auc" ? membersText(one) : "");
  return spreadText(found.map((one) => one?.[metric] ?? null)) + [...new Set(members)].join("");
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

export function seedsText({ method, runs }: MethodRuns): string {
  return runs.length === 1 ? method : `${method} (${counted(runs.length, "seed")})`;
}

/** What is bold, or in a terminal has a colour. */
function bestWords(methods: readonly MethodRuns[]): string {
  const isOnce = methods.every(({ runs }) => runs.length === 1);
  return "; marked: better than each other method on the same test images (paired bootstrap, p < 0.05) and in every " +
    `seed${isOnce ? ", of which there is one: trained again it may be otherwise" : ""}`;
}

export function spreadWords(methods: readonly MethodRuns[]): string {
  const several = methods.some(({ runs }) => runs.length > 1);
  return several ? "; mean ± standard deviation over seeds" : "";
}
