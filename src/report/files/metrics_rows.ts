// The rows of metrics.jsonl: every event but progress and profile, without the tensors of checkpoints.

import type { SimulationEvent } from "../../federated/events.ts";
import { clinicalJson } from "./clinical_rows.ts";
import { checkpointFile, predictionsFiles, serverFile, spectraFile } from "./file_names.ts";

/** What differs between identical runs, under one key so that it can be dropped. */
export interface RowTime {
  /** ISO 8601, UTC */
  readonly at: string;
  /** seconds since the run began */
  readonly elapsed: number;
}

/** The row of an event, `time` last; null for events that have none. */
export function metricsRow(event: SimulationEvent, time: RowTime): Record<string, unknown> | null {
  switch (event.type) {
    case "progress":
    case "profile":
    case "state":
      return null;
    case "checkpoint": {
      const { tensors: _, isServerModel, ...row } = event;
      const server = isServerModel ? { server: serverFile(event.reason) } : {};
      return { ...row, file: checkpointFile(event), ...server, time };
    }
    case "spectra":
      return { type: event.type, round: event.round, file: spectraFile, time };
    case "predictions": {
      const { type, round, view } = event;
      return {
        type,
        round,
        view,
        file: predictionsFiles[view],
        clinical: clinicalJson(event),
        time,
      };
    }
    default:
      return { ...event, time };
  }
}
