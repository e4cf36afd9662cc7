// A run as its events tell it, while it goes: what each of them adds to what reports are made from.

import type { SimulationEvent } from "../../federated/events.ts";
import type { RecordedRun } from "./recorded_run.ts";

/** What of a run is otherwise after the event; null where nothing that figures show is. */
export function newsOf(before: RecordedRun, event: SimulationEvent): Partial<RecordedRun> | null {
  switch (event.type) {
    case "epoch":
    case "evaluation":
    case "aggregation":
    case "divergence":
      return { rows: [...before.rows, event] };
    case "stage":
      return { decisions: [...before.decisions ?? [], event] };
    case "predictions":
      return event.view === "before" ? { predictionsBefore: event } : { predictions: event };
    case "spectra": {
      const { layer, round, rate } = event;
      const clients = event.clients.map(({ client, before, after }) => {
        const [first, second] = [before, after].map(({ rows, columns, amplitudes }) => ({
          ...{ rows, cols: columns, values: amplitudes },
        }));
        return { client, before: first, after: second };
      });
      return { spectra: { layer, round, rate, clients } };
    }
    case "done":
      return { finished: true };
    default:
      return null;
  }
}
