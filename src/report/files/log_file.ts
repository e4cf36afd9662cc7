// log.txt: what a person reads of a run, as the terminal shows it.

import type { RunEvent, SimulationEvent } from "../../federated/events.ts";
import type { EarlierEvent } from "../reading/recorded_rows.ts";
import type { RunContext, RunFile } from "./run_file.ts";
import { plainStyle } from "../terminal/style.ts";
import { TextReport } from "../terminal/text_report.ts";

const file = "log.txt";

export class LogFile implements RunFile {
  readonly #text: TextReport;

  constructor(private readonly context: RunContext) {
    this.#text = new TextReport(context.header, plainStyle);
  }

  growing(): string[] {
    return [file];
  }

  async consume(event: SimulationEvent): Promise<void> {
    const text = this.#text.render(event, this.context.elapsed);
    if (text !== "") await this.#append(text);
  }

  async resume(run: RunEvent, earlier: readonly EarlierEvent[]): Promise<void> {
    this.#text.render(run, 0); // written already
    await this.#append(this.#text.resume(run, earlier));
  }

  async #append(text: string): Promise<void> {
    await Deno.writeTextFile(this.context.path(file), text, { append: true });
  }
}
