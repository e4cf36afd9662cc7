// What every consumer of a run is told before it starts, and how it is given events.

import type { RunEvent, SimulationEvent } from "../federated/events.ts";
import type { EarlierEvent } from "./reading/recorded_rows.ts";

/** One resolved setting, shown and stored as it will be used. */
export interface Setting {
  /** as on the command line, without hyphens: `l_rate` */
  readonly name: string;
  /** null where it is unset */
  readonly value: string | number | boolean | null;
  /** whether the numbers depend on it; where results go and how they are shown does not count */
  readonly decisive: boolean;
  /** who decided: the command line, the demo, or the official code's or this program's default */
  readonly source: "flag" | "demo" | "official" | "ours";
}

/** What is known of a run before its first event. */
export interface RunHeader {
  /** every resolved setting, in the order in which they are shown */
  readonly settings: readonly Setting[];
  /** what was typed after the program's name */
  readonly command: readonly string[];
  /** the WebGPU adapter on one line */
  readonly adapter: string;
  /** program and runtime versions by name */
  readonly versions: Readonly<Record<string, string>>;
  /** the run's folder */
  readonly folder: string;
  /** how long it had run when its state was stored, if this goes on with it; milliseconds */
  readonly elapsedBefore?: number;
  /** why it goes on, if it was not told to */
  readonly resumedBecause?: string;
}

/** Is given all events of a run, one after the other. */
export interface EventConsumer {
  consume(event: SimulationEvent): void | Promise<void>;
  /**
   * In place of the run event, where a run goes on: is given it and what was told before the state. That is to be
   * remembered; it has been written already.
   */
  resume(run: RunEvent, earlier: readonly EarlierEvent[]): void | Promise<void>;
}
