// Hands the events of a run to all that show or store it, to its end or where it is stopped.

import type { SimulationEvent } from "../federated/events.ts";
import type { EarlierEvent } from "../report/reading/recorded_rows.ts";
import { interruptionText, RunPosition } from "../report/interruption.ts";
import type { EventConsumer, RunHeader } from "../report/run_header.ts";
import { Interruption } from "./interruption.ts";

/** How a run is followed. */
export interface FollowOptions {
  /** what to do after the signal, for the message */
  readonly advice: string;
  /** what was told before, where the run goes on; null for a new one */
  readonly earlier: readonly EarlierEvent[] | null;
}

/**
 * Tells the consumers every event, and where the run was if the signal or an error ends it.
 *
 * @param signal of which `events` know too: they end early once it is aborted
 * @throws {Interruption} if the signal ended it, but its reason if nothing was told by then
 */
export async function follow(
  events: AsyncIterable<SimulationEvent>,
  consumers: readonly EventConsumer[],
  header: RunHeader,
  signal: AbortSignal,
  { advice, earlier }: FollowOptions,
): Promise<void> {
  const position = new RunPosition();
  const tell = async (event: SimulationEvent) => {
    for (const consumer of consumers) {
      try {
        if (event.type === "run" && earlier) await consumer.resume(event, earlier);
        else await consumer.consume(event);
      } catch (error) {
        // Who reads the output has been stopped by the same Ctrl-C.
        if (!(signal.aborted && error instanceof Deno.errors.BrokenPipe)) throw error;
      }
    }
  };
  let isDone = false;
  try {
    for await (const event of events) {
      if (event.type === "run") signal.throwIfAborted(); // before anything is written
      await tell(event);
      isDone = event.type === "done";
      position.update(event);
      if (event.type === "run") earlier?.forEach((event) => position.update(event));
    }
  } catch (error) {
    const { run } = position;
    if (run === null) throw error; // nothing is written yet
    const end = position.interrupted((error as Error).message);
    await tell(end).catch(() => {}); // the first error is the one to report
    throw error;
  }
  if (isDone) return;
  const end = position.interrupted(signal.reason);
  await tell(end);
  throw new Interruption(interruptionText(end, position.run!, header) + advice);
}
