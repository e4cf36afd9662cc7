// metrics.jsonl: every event but progress and profile as a row, and at the end what every communication cost.

import type { SimulationEvent } from "../../federated/events.ts";
import { appendJsonLine } from "../../io/files.ts";
import { retrogress } from "../../metrics/retrogress.ts";
import { metricsRow } from "./metrics_rows.ts";
import { metricsFile } from "../reading/recorded_run.ts";
import { retrogressEvents } from "../reading/run_retrogress.ts";
import type { RunContext, RunFile } from "./run_file.ts";

export class MetricsFile implements RunFile {
  constructor(private readonly context: RunContext) {}

  growing(): string[] {
    return [metricsFile];
  }

  async consume(event: SimulationEvent): Promise<void> {
    if (event.type === "done") await this.#appendRetrogress();
    const row = metricsRow(event, this.context.time);
    if (row !== null) await this.#append(row);
  }

  /** It is there already. */
  resume(): void {}

  /** A row for each role: what every communication cost each client, and the mean over clients. */
  async #appendRetrogress(): Promise<void> {
    const { run, rows } = this.context;
    const events = retrogressEvents({ run, rows });
    for (const role of run.roles) {
      const { time } = this.context;
      await this.#append({ type: "retrogress", ...retrogress(events, { role }), time });
    }
  }

  async #append(row: Readonly<Record<string, unknown>>): Promise<void> {
    await appendJsonLine(this.context.path(metricsFile), row);
  }
}
