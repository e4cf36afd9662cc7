// metrics.csv: every measurement as one row, for pandas, R or a spreadsheet.

import { basename } from "@std/path";
import { stringify } from "csv-stringify/sync";
import type { RunEvent, SimulationEvent } from "../../federated/events.ts";
import { clinicalColumns, clinicalRows } from "./clinical_rows.ts";
import { flatMetrics, stepsBefore } from "./flat_metrics.ts";
import type { RunFile } from "./run_file.ts";

/** The columns: where, what was measured, the measurements. The event's type is that in metrics.jsonl. */
const columns = [
  ...["round", "epoch", "step", "event", "client", "split", "role"],
  ...["loss", "f1", "auc", "accuracy", ...clinicalColumns],
];

const noClinical = clinicalColumns.map(() => null);

/**
 * Appends rows as the events come. Rounds and epochs count from 0, `step` counts training steps
 * since the run began (of the client with most images, as if it sat out no round); n/a is an empty cell. Identical runs give
 * identical files. Clinical metrics stand in the rows of predictions, which are told before and after the last
 * communication: one of all classes, and one of each class.
 */
export class MetricsCsv implements RunFile {
  readonly #path: string;
  #run: RunEvent | null = null;

  /** @param path of a file that does not exist yet */
  constructor(path: string) {
    this.#path = path;
  }

  async consume(event: SimulationEvent): Promise<void> {
    if (event.type === "run") {
      this.#run = event;
      await Deno.writeTextFile(this.#path, csvLine(columns), { createNew: true });
      return;
    }
    const rows = this.#rows(event);
    if (rows !== "") await Deno.writeTextFile(this.#path, rows, { append: true });
  }

  resume(run: RunEvent): void {
    this.#run = run;
  }

  growing(): string[] {
    return [basename(this.#path)];
  }

  #rows(event: SimulationEvent): string {
    switch (event.type) {
      case "stage":
      case "evaluation":
      case "epoch":
      case "aggregation": {
        const { type, round } = event;
        const epoch = type === "aggregation" ? this.#run!.localEpochs - 1 : event.epoch;
        const place = [round, epoch, stepsBefore(event, this.#run!), type];
        return [...flatMetrics(event)]
          .map(({ client, split, role, metrics: { loss, f1, auc, accuracy } }) =>
            csvLine([...place, client, split, role, loss, f1, auc, accuracy, ...noClinical])
          ).join("");
      }
      case "predictions": {
        const { round, view } = event;
        const { localEpochs, stepsPerEpoch } = this.#run!;
        const steps = (round + 1) * localEpochs * stepsPerEpoch;
        const place = [round, localEpochs - 1, steps, `predictions ${view}`];
        return [...clinicalRows(event)].map(({ client, role, f1, auc, accuracy, cells }) =>
          csvLine([...place, client, "test", role, null, f1, auc, accuracy, ...cells])
        ).join("");
      }
      default:
        return "";
    }
  }
}

function csvLine(cells: readonly (string | number | null)[]): string {
  // Readers may take spaces at the ends of a cell away.
  return stringify([[...cells]], { quoted_match: /^\s|\s$/ });
}
