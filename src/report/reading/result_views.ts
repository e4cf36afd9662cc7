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

/** The views that there are; where nothing is communicated, one fewer. */
export function viewsOf(history: RecordedHistory) {
  return resultViews.flatMap(({ view, words }) => {
    const result = resultAt(history, view);
    const isSame = view === "after" && history.run.sharedRole === null;
    return result === null || isSame ? [] : [{ words, result }];
  });
}
