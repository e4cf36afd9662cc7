// Text on a terminal above one line that is written over again and again.

import type { Clock } from "../../clock.ts";

/** Where text goes. */
export interface Terminal {
  write(text: string): void;
  /** columns of an interactive terminal; null for files and pipes */
  readonly columns: number | null;
  readonly colour: boolean;
}

/** Away from a terminal a status is printed at most this often, milliseconds. */
const quietInterval = 10_000;

const eraseLine = "\r\x1b[K";

/** Prints text and keeps the status below it. Dispose of it before printing anything else. */
export class StatusLine implements Disposable {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  #isShown = false;
  #lastOutput: number;

  constructor(terminal: Terminal, clock: Clock) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#lastOutput = clock.now();
  }

  /** Prints whole lines in the place of the status. */
  print(text: string): void {
    this.#terminal.write(this.#isShown ? eraseLine + text : text);
    this.#isShown = false;
    this.#lastOutput = this.#clock.now();
  }

  /** @param render gives the status in at most so many columns; empty for none */
  show(render: (columns: number) => string): void {
    const { columns } = this.#terminal;
    if (columns === null) {
      if (this.#clock.now() - this.#lastOutput < quietInterval) return;
      const line = render(Infinity);
      if (line !== "") this.print(`${line}\n`);
      return;
    }
    // One column stays free: some terminals wrap as soon as the last one is written.
    const line = render(columns - 1);
    if (line === "") return;
    this.print(line);
    this.#isShown = true;
  }

  /** Removes the status, as after an error. */
  [Symbol.dispose](): void {
    if (this.#isShown) this.print("");
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
