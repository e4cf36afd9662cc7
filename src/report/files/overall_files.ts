// The official code's empty files whose names tell the mean test metrics of the best round so far and of the last.

import type { RunEvent, SimulationEvent } from "../../federated/events.ts";
import { writeFileAtomic } from "../../io/files.ts";
import type { Metrics } from "../../metrics/classification.ts";
import type { EarlierEvent } from "../reading/recorded_rows.ts";
import { isOverallFileName, overallFileName } from "./file_names.ts";
import type { RunContext, RunFile } from "./run_file.ts";

export class OverallFiles implements RunFile {
  /** of the best round so far */
  #best: string | null = null;

  constructor(private readonly context: RunContext) {}

  async consume(event: SimulationEvent): Promise<void> {
    if (event.type === "aggregation" && event.selected) await this.#nameBest(event);
    if (event.type !== "done") return;
    await this.#make(overallFileName("end", this.#personal(event.test), event.rounds - 1));
  }

  /** Which they were at the time of the state, the events tell. */
  async resume(_run: RunEvent, earlier: readonly EarlierEvent[]): Promise<void> {
    for await (const { name } of Deno.readDir(this.context.header.folder)) {
      if (isOverallFileName(name)) await Deno.remove(this.context.path(name));
    }
    const best = earlier.findLast((event) => event.type === "aggregation" && event.selected);
    if (best?.type === "aggregation") await this.#nameBest(best);
  }

  async #nameBest(
    { test, round }: { readonly test: Readonly<Record<string, Metrics>>; readonly round: number },
  ): Promise<void> {
    if (this.#best !== null) await Deno.remove(this.context.path(this.#best));
    this.#best = overallFileName("valid", this.#personal(test), round);
    await this.#make(this.#best);
  }

  async #make(name: string): Promise<void> {
    await writeFileAtomic(this.context.path(name), "");
  }

  #personal(byRole: Readonly<Record<string, Metrics>>): Metrics {
    return byRole[this.context.run.personalRole];
  }
}
