// metrics.csv: every measurement as one row, for pandas, R or a spreadsheet.

import { basename } from "@std/path";
import { stringify } from "csv-stringify/sync";
import type { RunEvent, SimulationEvent } from "../../federated/events.ts";
import { clinicalColumns, clinicalRows } from "./clinical_rows.ts";
import { flatMetrics, stepsBefore } from "./flat_metrics.ts";
import type { RunFile } from "./run_file.ts";

/** The columns: where, what was measured, the measurements. */
const columns = [
  ...["round", "epoch", "step", "event", "client", "split", "role"],
  ...["loss", "f1", "auc", "accuracy", ...clinicalColumns],
];

/** Values by column; those that a row lacks are empty. */
type Row = Readonly<Record<string, string | number | null>>;

/**
 * Appends rows as the events come. Rounds and epochs count from 0, `step` counts training steps
 * since the run began (of the client with most images, as if it sat out no round); n/a is an empty cell. Identical runs give
 * identical files. `event` is the event's type, of predictions with their view, before or after the last communication;
 * clinical metrics stand in their rows: one of all classes, and one of each class.
 */
export class MetricsCsv implements RunFile {
  readonly #path: string;
  #run: RunEvent | null = null;
  /** of the file; null: still to be read from one that was begun before */
  #columns: readonly string[] | null = columns;

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
    const rows = [...this.#rows(event)];
    if (rows.length === 0) return;
    this.#columns ??= await this.#begunColumns();
    // One that an older version began has fewer columns, and no rows of what these are for.
    const isOlder = !this.#columns.includes("class");
    const kept = isOlder
      ? rows.filter(({ event }) => !String(event).startsWith("predictions"))
      : rows;
    const lines = kept.map((row) => csvLine(this.#columns!.map((column) => row[column] ?? null)));
    if (kept.length > 0) await Deno.writeTextFile(this.#path, lines.join(""), { append: true });
  }

  resume(run: RunEvent): void {
    this.#run = run;
    this.#columns = null;
  }

  growing(): string[] {
    return [basename(this.#path)];
  }

  async #begunColumns(): Promise<string[]> {
    const [header] = (await Deno.readTextFile(this.#path)).split("\n", 1);
    return header.trimEnd().split(",");
  }

  *#rows(event: SimulationEvent): Generator<Row> {
    switch (event.type) {
      case "stage":
      case "evaluation":
      case "epoch":
      case "aggregation": {
        const { type, round } = event;
        const epoch = type === "aggregation" ? this.#run!.localEpochs - 1 : event.epoch;
        const place = { round, epoch, step: stepsBefore(event, this.#run!), event: type };
        for (const { metrics, ...whose } of flatMetrics(event)) {
          yield { ...place, ...whose, ...metrics };
        }
        break;
      }
      case "predictions": {
        const { round, view } = event;
        const { localEpochs, stepsPerEpoch } = this.#run!;
        const step = (round + 1) * localEpochs * stepsPerEpoch;
        const place = { round, epoch: localEpochs - 1, step, event: `predictions ${view}` };
        for (const row of clinicalRows(event)) yield { ...place, split: "test", ...row };
      }
    }
  }
}

function csvLine(cells: readonly (string | number | null)[]): string {
  // Readers may take spaces at the ends of a cell away.
  return stringify([[...cells]], { quoted_match: /^\s|\s$/ });
}
