// What a run shows on the terminal while it goes: screens, and one progress line.

import type { SimulationEvent } from "../federated/events.ts";
import { toJsonLine } from "../io/files.ts";
import { metricsRow } from "./metrics_rows.ts";
import { ProgressLine } from "./progress_line.ts";
import type { EventConsumer, RunHeader } from "./run_header.ts";
import { StatusLine, stdoutTerminal, type Terminal } from "./status_line.ts";
import { ansiStyle, plainStyle } from "./style.ts";
import { TextReport } from "./text_report.ts";

/** Everything in tables, the summary alone (`--quiet`), or the rows of metrics.jsonl (`--json`). */
export type ConsoleMode = "tables" | "summary" | "json";

/** Shows a run. Dispose of it before printing anything else. */
export class ConsoleReport implements EventConsumer, Disposable {
  readonly #mode: ConsoleMode;
  readonly #terminal: Terminal;
  readonly #now: () => number;
  #started: number;
  readonly #report: TextReport;
  readonly #progress = new ProgressLine();
  readonly #status: StatusLine;

  /** @param now clock, milliseconds */
  constructor(
    header: RunHeader,
    mode: ConsoleMode,
    terminal: Terminal = stdoutTerminal(),
    now: () => number = () => performance.now(),
  ) {
    this.#mode = mode;
    this.#terminal = terminal;
    this.#now = now;
    this.#started = now();
    this.#status = new StatusLine(terminal, now);
    this.#report = new TextReport(header, terminal.colour ? ansiStyle : plainStyle);
  }

  consume(event: SimulationEvent): void {
    if (event.type === "run") this.#started = this.#now();
    if (this.#mode === "json") {
      this.#writeRow(event);
      return;
    }
    const elapsed = this.#elapsed();
    const text = this.#report.render(event, elapsed);
    const shown = this.#mode === "tables" || event.type === "done";
    if (text !== "" && shown) this.#status.print(text);
    if (this.#mode === "tables" && event.type !== "done") {
      this.#progress.update(event, elapsed);
      this.#status.show((columns) => this.#progress.render(elapsed, columns));
    }
  }

  /** Removes the progress line, as after an error. */
  [Symbol.dispose](): void {
    this.#status[Symbol.dispose]();
  }

  #writeRow(event: SimulationEvent): void {
    const time = { at: new Date().toISOString(), elapsed: this.#elapsed() / 1000 };
    const row = metricsRow(event, time);
    if (row !== null) this.#terminal.write(`${toJsonLine(row)}\n`);
  }

  #elapsed(): number {
    return this.#now() - this.#started;
  }
}
