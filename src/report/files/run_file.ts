// What the files of a run folder have in common: each is told all events, and writes its own part of them.

import { join } from "@std/path";
import type { Clock } from "../../clock.ts";
import type { RunEvent } from "../../federated/events.ts";
import type { RowTime } from "./metrics_rows.ts";
import type { RecordedRow } from "../reading/recorded_rows.ts";
import type { EventConsumer, RunHeader } from "../run_header.ts";

/** A file, or several of one kind. */
export interface RunFile extends EventConsumer {
  /** Paths, in the run's folder, of files that grow: states remember how long they were. */
  growing?(): readonly string[] | Promise<readonly string[]>;
}

/** What the files of one run share. */
export class RunContext {
  /** epochs, evaluations within them, divergences and aggregations so far */
  readonly rows: RecordedRow[] = [];
  #run: RunEvent | null = null;
  #started = 0;

  constructor(readonly header: RunHeader, readonly clock: Clock) {}

  /** @param elapsed before this process, milliseconds */
  begin(run: RunEvent, elapsed = 0): void {
    this.#run = run;
    this.#started = this.clock.now() - elapsed;
  }

  get isBegun(): boolean {
    return this.#run !== null;
  }

  /** The first event. */
  get run(): RunEvent {
    return this.#run!;
  }

  /** Milliseconds since the run began. */
  get elapsed(): number {
    return this.clock.now() - this.#started;
  }

  get time(): RowTime {
    return { at: this.clock.date().toISOString(), elapsed: this.elapsed / 1000 };
  }

  path(name: string): string {
    return join(this.header.folder, name);
  }
}
