// The retrogress of a run, as all tables, texts and files take it.

import type { SimulationEvent } from "../../federated/events.ts";
import { type Retrogress, retrogress } from "../../metrics/retrogress.ts";
import type { RecordedHistory } from "./progress.ts";

/** Of the models that receive the server's weights; null where the method shares nothing. */
export function retrogressOf(history: RecordedHistory): Retrogress | null {
  return history.run.sharedRole === null ? null : retrogress(retrogressEvents(history));
}

/** The run event and the rows that the retrogress depends on. */
export function retrogressEvents({ run, rows }: RecordedHistory): SimulationEvent[] {
  return [run, ...rows.filter(({ type }) => type !== "evaluation")];
}
