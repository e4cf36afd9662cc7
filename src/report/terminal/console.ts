// What a run shows on the terminal while it goes: tables, and one progress line.

import { type Clock, systemClock } from "../../clock.ts";
import type { RunEvent, SimulationEvent } from "../../federated/events.ts";
import { toJsonLine } from "../../io/files.ts";
import type { EarlierEvent } from "../reading/recorded_rows.ts";
import { metricsRow, type RowTime } from "../files/metrics_rows.ts";
import { ProgressLine } from "./progress_line.ts";
import { runConfig } from "../files/run_config.ts";
import type { EventConsumer, RunHeader } from "../run_header.ts";
import { StatusLine, stdoutTerminal, type Terminal } from "./status_line.ts";
import { ansiStyle, plainStyle } from "./style.ts";
import { TextReport } from "./text_report.ts";

/**
 * Everything in tables, the summary alone (`--quiet`), or rows (`--json`): folder and settings, then
 * those of metrics.jsonl but the retrogress.
 */
export type ConsoleMode = "tables" | "summary" | "json";

/** Shows a run. Dispose of it before printing anything else. */
export class ConsoleReport implements EventConsumer, Disposable {
  readonly #header: RunHeader;
  readonly #mode: ConsoleMode;
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  #started: number;
  readonly #report: TextReport;
  readonly #progress = new ProgressLine();
  readonly #status: StatusLine;

  constructor(
    header: RunHeader,
    mode: ConsoleMode,
    terminal: Terminal = stdoutTerminal(),
    clock: Clock = systemClock,
  ) {
    this.#header = header;
    this.#mode = mode;
    this.#terminal = terminal;
    this.#clock = clock;
    this.#started = clock.now();
    this.#status = new StatusLine(terminal, clock);
    this.#report = new TextReport(header, terminal.colour ? ansiStyle : plainStyle);
  }

  consume(event: SimulationEvent): void {
    if (event.type === "run") this.#started = this.#clock.now();
    if (this.#mode === "json") {
      if (event.type === "run") this.#writeConfig();
      this.#writeRow(event);
      return;
    }
    if (event.type === "interrupted") return; // said on standard error, after this is disposed of
    const elapsed = this.#elapsed();
    const text = this.#report.render(event, elapsed);
    const shown = this.#mode === "tables" || event.type === "done";
    if (text !== "" && shown) this.#status.print(text);
    if (this.#mode === "tables" && event.type !== "done") {
      this.#progress.update(event, elapsed);
      this.#status.show((columns) => this.#progress.render(elapsed, columns));
    }
  }

  resume(run: RunEvent, earlier: readonly EarlierEvent[]): void {
    this.consume(run);
    this.#started -= this.#header.elapsedBefore ?? 0;
    if (this.#mode === "json") return;
    const text = this.#report.resume(run, earlier);
    if (this.#mode !== "tables") return;
    for (const event of earlier) this.#progress.update(event, 0);
    this.#status.print(text);
  }

  /** Removes the progress line, as after an error. */
  [Symbol.dispose](): void {
    this.#status[Symbol.dispose]();
  }

  #writeConfig(): void {
    const { folder } = this.#header;
    const row = { type: "config", folder, ...runConfig(this.#header), time: this.#time() };
    this.#terminal.write(`${toJsonLine(row)}\n`);
  }

  #writeRow(event: SimulationEvent): void {
    const row = metricsRow(event, this.#time());
    if (row !== null) this.#terminal.write(`${toJsonLine(row)}\n`);
  }

  #time(): RowTime {
    return { at: this.#clock.date().toISOString(), elapsed: this.#elapsed() / 1000 };
  }

  #elapsed(): number {
    return this.#clock.now() - this.#started;
  }
}
