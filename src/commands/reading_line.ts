// One line of an interactive terminal that says how many images are done, and how long the others take.

import { type Clock, systemClock } from "../clock.ts";
import { roughDuration } from "../report/format.ts";
import { stdoutTerminal, type Terminal } from "../report/terminal/status_line.ts";

/** Milliseconds before which the time left is not known. */
const firstEstimate = 2000;

/** Shows nothing in files and pipes. Dispose of it before printing anything else. */
export class ReadingLine implements Disposable {
  readonly #enabled: boolean;
  readonly #what: string;
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #started: number;
  #shown = "";

  /** @param what is being done: "Reading images" */
  constructor(
    wanted: boolean,
    what: string,
    terminal: Terminal = stdoutTerminal(),
    clock: Clock = systemClock,
  ) {
    this.#enabled = wanted && terminal.columns !== null;
    this.#what = what;
    this.#terminal = terminal;
    this.#clock = clock;
    this.#started = clock.now();
  }

  /** Draws the line anew where a percent has been added or a second less is left. */
  show(done: number, total: number): void {
    if (!this.#enabled) return;
    const passed = this.#clock.now() - this.#started;
    const left = roughDuration(passed / done * (total - done));
    const state = `${Math.floor(100 * done / total)}%${
      passed < firstEstimate ? "" : `  ${left} left`
    }`;
    if (state === this.#shown) return;
    this.#shown = state;
    this.#terminal.write(`\r\x1b[K${this.#what}  ${done}/${total}  ${state}`);
  }

  /** Erases the line. */
  [Symbol.dispose](): void {
    if (this.#shown !== "") this.#terminal.write("\r\x1b[K");
  }
}
