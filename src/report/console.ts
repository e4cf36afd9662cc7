// What a run shows on the terminal while it goes: screens, and one progress line.

import type { SimulationEvent } from "../federated/events.ts";
import { toJsonLine } from "../io/files.ts";
import { metricsRow, type RowTime } from "./metrics_rows.ts";
import { ProgressLine } from "./progress_line.ts";
import { runConfig } from "./run_config.ts";
import type { EventConsumer, RunHeader } from "./run_header.ts";
import { ansiStyle, plainStyle } from "./style.ts";
import { TextReport } from "./text_report.ts";

/**
 * Everything in tables, the summary alone (`--quiet`), or rows (`--json`): folder and settings, then
 * those of metrics.jsonl.
 */
export type ConsoleMode = "tables" | "summary" | "json";

/** Where text goes. */
export interface Terminal {
  write(text: string): void;
  /** columns of an interactive terminal; null for files and pipes */
  readonly columns: number | null;
  readonly colour: boolean;
}

/** Away from a terminal a progress line is printed at most this often, milliseconds. */
const progressInterval = 10_000;

const eraseLine = "\r\x1b[K";

/** Shows a run. Dispose of it before printing anything else. */
export class ConsoleReport implements EventConsumer, Disposable {
  readonly #header: RunHeader;
  readonly #mode: ConsoleMode;
  readonly #terminal: Terminal;
  readonly #now: () => number;
  #started: number;
  readonly #report: TextReport;
  readonly #progress = new ProgressLine();
  /** is the cursor behind a progress line? */
  #onProgressLine = false;
  #lastOutput: number;

  /** @param now clock, milliseconds */
  constructor(
    header: RunHeader,
    mode: ConsoleMode,
    terminal: Terminal = stdoutTerminal(),
    now: () => number = () => performance.now(),
  ) {
    this.#header = header;
    this.#mode = mode;
    this.#terminal = terminal;
    this.#now = now;
    this.#started = now();
    this.#lastOutput = this.#started;
    this.#report = new TextReport(header, terminal.colour ? ansiStyle : plainStyle);
  }

  consume(event: SimulationEvent): void {
    if (event.type === "run") this.#started = this.#now();
    if (this.#mode === "json") {
      if (event.type === "run") this.#writeConfig();
      this.#writeRow(event);
      return;
    }
    if (event.type === "interrupted") return; // said on standard error, after this is disposed of
    const elapsed = this.#elapsed();
    const text = this.#report.render(event, elapsed);
    const shown = this.#mode === "tables" || event.type === "done";
    if (text !== "" && shown) this.#writeText(text);
    if (this.#mode === "tables" && event.type !== "done") {
      this.#progress.update(event, elapsed);
      this.#showProgress(elapsed);
    }
  }

  /** Removes the progress line, as after an error. */
  [Symbol.dispose](): void {
    if (this.#onProgressLine) this.#writeText("");
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

  #writeText(text: string): void {
    this.#terminal.write(this.#onProgressLine ? eraseLine + text : text);
    this.#onProgressLine = false;
    this.#lastOutput = this.#now();
  }

  #showProgress(elapsed: number): void {
    const { columns } = this.#terminal;
    if (columns === null) {
      if (this.#now() - this.#lastOutput < progressInterval) return;
      const line = this.#progress.render(elapsed, Infinity);
      if (line !== "") this.#writeText(`${line}\n`);
      return;
    }
    // One column stays free: some terminals wrap as soon as the last one is written.
    const line = this.#progress.render(elapsed, columns - 1);
    if (line === "") return;
    this.#writeText(line);
    this.#onProgressLine = true;
  }

  #time(): RowTime {
    return { at: new Date().toISOString(), elapsed: this.#elapsed() / 1000 };
  }

  #elapsed(): number {
    return this.#now() - this.#started;
  }
}

/** Standard output, with colours if it is a terminal and `NO_COLOR` is not set. */
export function stdoutTerminal(): Terminal {
  const isTerminal = Deno.stdout.isTerminal();
  return {
    write: writeToStdout,
    get columns() { // asked every time: windows are resized
      return isTerminal ? Deno.consoleSize().columns || 80 : null; // some report 0
    },
    colour: isTerminal && !Deno.noColor,
  };
}

function writeToStdout(text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.byteLength > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}
