// The files of a profile in a run's folder: the table, and a trace for chrome://tracing or Perfetto.

import { join } from "@std/path";
import type { SimulationEvent } from "../../federated/events.ts";
import { writeFileAtomic } from "../../io/files.ts";
import { profileText } from "../terminal/profile_text.ts";
import { profileTrace } from "./profile_trace.ts";
import type { RunFile } from "./run_file.ts";
import { plainStyle } from "../terminal/style.ts";

/** Writes `profile.txt` and `profile.json` when there is a profile; a resumed run's replaces the earlier one. */
export class ProfileFiles implements RunFile {
  constructor(private readonly folder: string) {}

  async consume(event: SimulationEvent): Promise<void> {
    if (event.type !== "profile") return;
    await writeFileAtomic(join(this.folder, "profile.txt"), profileText(event, plainStyle));
    await writeFileAtomic(join(this.folder, "profile.json"), `${profileTrace(event)}\n`);
  }

  /** Nothing: what went before has its files. */
  resume(): void {}
}
