// Hands the events of a run to all that show or store it, to its end or where it is stopped.

import type { SimulationEvent } from "../federated/events.ts";
import type { EarlierEvent } from "../report/earlier_run.ts";
import { interruptionText, Whereabouts } from "../report/interruption.ts";
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
 * @throws {Interruption} if the signal ended it
 */
export async function follow(
  events: AsyncIterable<SimulationEvent>,
  consumers: readonly EventConsumer[],
  header: RunHeader,
  signal: AbortSignal,
  { advice, earlier }: FollowOptions,
): Promise<void> {
  const whereabouts = new Whereabouts();
  const tell = async (event: SimulationEvent) => {
    for (const consumer of consumers) {
      if (event.type === "run" && earlier) await consumer.resume(event, earlier);
      else await consumer.consume(event);
    }
  };
  try {
    for await (const event of events) {
      if (event.type !== "state") signal.throwIfAborted(); // a state is worth the moment
      await tell(event);
      whereabouts.update(event);
      if (event.type === "run") earlier?.forEach((event) => whereabouts.update(event));
    }
  } catch (error) {
    const { run } = whereabouts;
    if (run === null) throw error; // nothing is written yet
    const end = whereabouts.interrupted(signal.aborted ? signal.reason : (error as Error).message);
    await tell(end).catch(() => {}); // the first error is the one to report
    throw signal.aborted ? new Interruption(interruptionText(end, run, header) + advice) : error;
  }
}
