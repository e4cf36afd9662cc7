// The tables of a report: results and retrogress of each method, and what was run.

import { basename } from "@std/path";
import { recovery, type Retrogress, retrogress } from "../metrics/retrogress.ts";
import type { AggregationEvent } from "../federated/events.ts";
import { counted, recordedText } from "./format.ts";
import { byMethod, type LabelledRun, type MethodRuns } from "./labelled_runs.ts";
import { deviation, mean, meanOfDefined } from "../metrics/statistics.ts";

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

/** F1 and AUC of the personal models of each method: every client and their average. */
export function resultTables(runs: readonly LabelledRun[]): Table[] {
  const measured = runs.filter((run) => lastAggregation(run) !== undefined);
  if (measured.length === 0) return [];
  const clients = measured[0].run.clients.map(({ name }) => name);
  const methods = byMethod(measured);
  return (["f1", "auc"] as const).map((metric) => {
    const samples = methods.map(({ runs }) =>
      [...clients.keys(), null].map((client) => runs.map((run) => resultOf(run, client, metric)))
    );
    return {
      caption: `Test ${metric === "f1" ? "macro F1" : "macro AUC"} in %, personal models, ` +
        `after the last communication${spreadWords(methods)}`,
      head: ["Method", ...clients.map((name) => `Client ${name}`), "Average"],
      rows: methods.map((method, row) => [
        { text: seedsText(method) },
        ...samples[row].map((values, column) => ({
          text: spreadText(values),
          best: isBest(samples.map((row) => meanOfDefined(row[column])), row),
        })),
      ]),
    };
  });
}

/** How deep each method falls at a communication, and how long the fall lasts. */
export function retrogressTable(runs: readonly LabelledRun[]): Table | null {
  const measured = runs.filter((run) =>
    run.run.sharedRole !== null && lastAggregation(run) !== undefined
  );
  if (measured.length === 0) return null;
  const methods = byMethod(measured);
  return {
    caption: "Of the models that receive the server's weights, mean over clients: test metric " +
      `before minus after a communication, how often it came back, and in how many local epochs${
        spreadWords(methods)
      }`,
    head: [
      "Method",
      ...["F1", "AUC"].flatMap((name) => [
        `${name} lost (points)`,
        `${name} regained`,
        `Epochs to regain ${name}`,
      ]),
    ],
    rows: methods.map((method) => {
      const whole = method.runs.map((run) =>
        retrogress(run.rows.filter((row) => row.type !== "evaluation"), {
          role: run.run.sharedRole!,
        })
      );
      return [
        { text: seedsText(method) },
        ...(["f1", "auc"] as const).flatMap((metric) => retrogressCells(whole, metric)),
      ];
    }),
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
        basename(folder),
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

/** The personal models' result after the last communication so far, percent; null before the first. */
export function resultOf(
  run: LabelledRun,
  client: number | null,
  metric: "f1" | "auc",
): number | null {
  const last = lastAggregation(run);
  if (last === undefined) return null;
  const test = client === null ? last.test : last.clients[client].test;
  return test[run.run.personalRole][metric];
}

function lastAggregation({ rows }: LabelledRun): AggregationEvent | undefined {
  return rows.findLast((row) => row.type === "aggregation");
}

function retrogressCells(whole: readonly Retrogress[], metric: "f1" | "auc"): Cell[] {
  const recoveries = whole.map((retrogress) => recovery(retrogress, metric));
  const sum = (of: "regained" | "communications") =>
    recoveries.reduce((sum, recovery) => sum + recovery[of], 0);
  return [
    spreadText(whole.map(({ meanDepth }) => meanDepth[metric])),
    `${sum("regained")} of ${sum("communications")}`,
    spreadText(recoveries.map(({ meanEpochs }) => meanEpochs)),
  ].map((text) => ({ text }));
}

/** "63.2" of one seed, "63.2 ± 1.1" of several. */
function spreadText(values: readonly (number | null)[]): string {
  const defined = values.filter((value) => value !== null);
  if (defined.length === 0) return "n/a";
  const centre = mean(defined).toFixed(1).replace("-", "−");
  return defined.length === 1 ? centre : `${centre} ± ${deviation(defined).toFixed(1)}`;
}

function isBest(column: readonly (number | null)[], row: number): boolean {
  const value = column[row];
  return column.length > 1 && value !== null &&
    column.every((other) => other === null || other <= value);
}

function seedsText({ method, runs }: MethodRuns): string {
  return runs.length === 1 ? method : `${method} (${counted(runs.length, "seed")})`;
}

function spreadWords(methods: readonly MethodRuns[]): string {
  const several = methods.some(({ runs }) => runs.length > 1);
  return several ? "; mean ± standard deviation over seeds" : "";
}
