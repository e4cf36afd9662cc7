// How far a run got.

import { counted } from "../format.ts";
import type { RunEvent } from "../../federated/events.ts";
import type { RecordedRow } from "./recorded_rows.ts";

/** The course of a run, as far as it got. */
export interface RecordedHistory {
  readonly run: RunEvent;
  /** epochs, evaluations within them, divergences and aggregations, in their order */
  readonly rows: readonly RecordedRow[];
}

/** "2 of 6 communications", of a run that got so far. */
export function progressOf(history: RecordedHistory): string {
  return `${communicationsOf(history)} of ${counted(history.run.rounds, "communication")}`;
}

/** Rounds that are over. */
export function communicationsOf({ rows }: RecordedHistory): number {
  return rows.filter(({ type }) => type === "aggregation").length;
}
