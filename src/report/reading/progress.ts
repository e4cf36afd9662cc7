// How far a run got.

import { counted } from "../format.ts";
import type { RecordedHistory } from "./recorded_run.ts";

/** "2 of 6 communications", of a run that got so far. */
export function progressOf(history: RecordedHistory): string {
  return `${communicationsOf(history)} of ${counted(history.run.rounds, "communication")}`;
}

/** Rounds that are over. */
export function communicationsOf({ rows }: RecordedHistory): number {
  return rows.filter(({ type }) => type === "aggregation").length;
}
