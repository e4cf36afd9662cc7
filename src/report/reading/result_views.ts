// Three views of a run's result: before the last communication, after it, and at the round that validation chose.

import type { ByRole } from "../../federated/events.ts";
import type { MeanMetrics, Metrics } from "../../metrics/classification.ts";
import type { RecordedHistory } from "./progress.ts";

/** The views in their order, and what they are called in tables and in sentences. */
export const resultViews = [
  { view: "before", name: "last local epoch", words: "after the last local epoch" },
  { view: "after", name: "last communication", words: "after the last communication" },
  { view: "chosen", name: "chosen round", words: "at the chosen round" },
] as const;

export type ResultView = typeof resultViews[number]["view"];

/** Test metrics at one moment. */
export interface Result {
  /** in the order of the run's clients */
  readonly clients: readonly { readonly client: string; readonly test: ByRole<Metrics> }[];
  readonly mean: ByRole<MeanMetrics>;
}

/**
 * What the models were like at one of the three moments; the first is that before the last communication so far.
 *
 * @returns null before the first communication, and where no round was chosen yet
 */
export function resultAt({ rows }: RecordedHistory, view: ResultView): Result | null {
  const ends = rows.filter((row) => row.type === "aggregation");
  const end = view === "chosen" ? ends.findLast(({ selected }) => selected) : ends.at(-1);
  if (end === undefined) return null;
  if (view !== "before") return { clients: end.clients, mean: end.test };
  return rows.findLast((row) => row.type === "epoch" && row.round === end.round) as
    | Result
    | undefined ?? null;
}

/** Whether the chosen round is the last one, so that both views are the same. */
export function isLastChosen({ rows }: RecordedHistory): boolean {
  const last = rows.findLast(({ type }) => type === "aggregation");
  return last?.type === "aggregation" && last.selected;
}

/** The views that there are; where nothing is communicated, one fewer. */
export function viewsOf(history: RecordedHistory) {
  return resultViews.flatMap(({ view, words }) => {
    const result = resultAt(history, view);
    const isSame = view === "after" && history.run.sharedRole === null;
    return result === null || isSame ? [] : [{ words, result }];
  });
}

/** The personal models' result so far, percent; null where there is none or it is n/a. */
export function resultOf(
  run: RecordedHistory,
  client: number | null,
  metric: "f1" | "auc",
  view: ResultView,
): number | null {
  return metricsAt(run, client, view)?.[metric] ?? null;
}

/** Clients that an average AUC is over; of one client 1, or 0 where it has none. */
export function clientsWithAuc(
  run: RecordedHistory,
  client: number | null,
  view: ResultView,
): number | null {
  const metrics = metricsAt(run, client, view);
  if (metrics === null) return null;
  const all = client === null ? run.run.clients.length : 1;
  return metrics.auc === null ? 0 : metrics.aucOf?.defined ?? all;
}

/** Of the personal model of a client, or their mean for null. */
export function metricsAt(
  run: RecordedHistory,
  client: number | null,
  view: ResultView,
): MeanMetrics | null {
  const result = resultAt(run, view);
  if (result === null) return null;
  const test = client === null ? result.mean : result.clients[client].test;
  return test[run.run.personalRole];
}
