// A run as a running text: keeps what later texts need of earlier events.

import type { RunEvent, SimulationEvent } from "../../federated/events.ts";
import type { EarlierEvent } from "../reading/recorded_rows.ts";
import { interruptionText, resumptionText } from "../interruption.ts";
import { profileText } from "./profile_text.ts";
import type { RecordedRow } from "../reading/recorded_rows.ts";
import { retrogressOf } from "../reading/run_retrogress.ts";
import type { RunHeader } from "../run_header.ts";
import {
  aggregationText,
  dataText,
  divergenceText,
  epochText,
  settingsText,
  summaryText,
} from "./run_texts.ts";
import type { Style } from "./style.ts";

/** Turns events into text, which a console and a log share. */
export class TextReport {
  readonly #header: RunHeader;
  readonly #style: Style;
  #run: RunEvent | null = null;
  #learningRate = 0;
  readonly #history: RecordedRow[] = [];

  constructor(header: RunHeader, style: Style) {
    this.#header = header;
    this.#style = style;
  }

  /**
   * The text to be shown for an event, whole lines; empty for events that show nothing.
   *
   * @param elapsed since the run began, milliseconds
   * @throws {TypeError} if the first event is not the run event
   */
  render(event: SimulationEvent, elapsed: number): string {
    if (event.type === "run") this.#run = event;
    const run = this.#run;
    if (run === null) {
      throw new TypeError(`Cannot report a run: expected a run event first, got ${event.type}`);
    }
    switch (event.type) {
      case "run":
        return settingsText(this.#header, this.#style) + dataText(run, this.#style);
      case "round":
        this.#learningRate = event.learningRate;
        return "";
      case "divergence":
        this.#history.push(event);
        return `${this.#style.bad(divergenceText(event, run))}\n\n`;
      case "epoch":
        this.#history.push(event);
        return epochText(event, run, this.#learningRate, elapsed, this.#style);
      case "aggregation": {
        this.#history.push(event);
        const rows = this.#history.filter(({ round }) => round === event.round);
        const communication = retrogressOf({ run, rows })?.communications[0] ?? null;
        return aggregationText(event, run, communication, this.#style);
      }
      case "profile":
        return profileText(event, this.#style);
      case "done": {
        const history = { run, rows: this.#history };
        const whole = retrogressOf(history);
        return summaryText(event, history, whole, this.#header, elapsed, this.#style);
      }
      case "interrupted":
        return `${interruptionText(event, run, this.#header)}\n`;
      default:
        return "";
    }
  }

  /** The text with which a run goes on. Give the run event to `render()` before. */
  resume(run: RunEvent, earlier: readonly EarlierEvent[]): string {
    for (const event of earlier) this.render(event, 0); // to remember it
    return `${resumptionText(run, earlier, this.#header)}\n\n`;
  }
}
