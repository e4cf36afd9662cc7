// Hands the events of a run to all that show or store it, to its end or where it is stopped.

import type { SimulationEvent } from "../federated/events.ts";
import { interruptionText, Whereabouts } from "../report/interruption.ts";
import type { EventConsumer, RunHeader } from "../report/run_header.ts";
import { Interruption } from "./interruption.ts";

/**
 * Tells the consumers every event, and where the run was if the signal or an error ends it.
 *
 * @param advice what to do after the signal, for the message
 * @throws {Interruption} if the signal ended it
 */
export async function follow(
  events: AsyncIterable<SimulationEvent>,
  consumers: readonly EventConsumer[],
  header: RunHeader,
  signal: AbortSignal,
  advice = "",
): Promise<void> {
  const tell = async (event: SimulationEvent) => {
    for (const consumer of consumers) await consumer.consume(event);
  };
  const whereabouts = new Whereabouts();
  try {
    for await (const event of events) {
      signal.throwIfAborted();
      await tell(event);
      whereabouts.update(event);
    }
  } catch (error) {
    const { run } = whereabouts;
    if (run === null) throw error; // nothing is written yet
    const end = whereabouts.interrupted(signal.aborted ? signal.reason : (error as Error).message);
    await tell(end).catch(() => {}); // the first error is the one to report
    throw signal.aborted ? new Interruption(interruptionText(end, run, header) + advice) : error;
  }
}
