// config.json: what determined a run, and how it is going.

import type { SimulationEvent } from "../../federated/events.ts";
import { writeFileAtomic } from "../../io/files.ts";
import { type RunConfig, runConfig } from "./run_config.ts";
import type { RunContext, RunFile } from "./run_file.ts";

/** The last of the files that are told: until it says "done" the run can be resumed. */
export class ConfigFile implements RunFile {
  /** @param earlier what began the run stays, whoever goes on with it; null for a new one */
  constructor(
    private readonly context: RunContext,
    private readonly earlier: RunConfig | null,
  ) {}

  async consume(event: SimulationEvent): Promise<void> {
    if (event.type === "done") await this.#write({ state: "done" });
    if (event.type !== "interrupted") return;
    const { type: state, ...place } = event;
    await this.#write({ state, ...place });
  }

  async resume(): Promise<void> {
    await this.begin();
  }

  async begin(): Promise<void> {
    await this.#write({ state: "running" });
  }

  async #write(status: RunConfig["status"]): Promise<void> {
    const config = { ...this.earlier ?? runConfig(this.context.header), status };
    const text = `${JSON.stringify(config, null, 2)}\n`;
    await writeFileAtomic(this.context.path("config.json"), text);
  }
}
