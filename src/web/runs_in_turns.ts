// Runs of several methods on one Gpu, round by round in turns, so that their curves grow side by side.

import type { SimulationEvent } from "../federated/events.ts";

/** A run that is under way, and what it is called. */
export interface NamedRun<Name> {
  readonly name: Name;
  readonly events: AsyncIterator<SimulationEvent, void>;
}

/**
 * All their events: of each run those up to one that ends its turn, then of the next run, until all are over.
 *
 * @param endsTurn by default the end of a communication does
 */
export async function* inTurns<Name>(
  runs: readonly NamedRun<Name>[],
  endsTurn: (event: SimulationEvent) => boolean = ({ type }) => type === "aggregation",
): AsyncGenerator<{ name: Name; event: SimulationEvent }, void> {
  let left = [...runs];
  try {
    while (left.length > 0) {
      for (const run of left) {
        const { name, events } = run;
        for (;;) {
          const { done, value } = await events.next();
          if (done) left = left.filter((one) => one !== run);
          else yield { name, event: value };
          if (done || endsTurn(value)) break;
        }
      }
    }
  } finally { // where one fails, or nobody listens any more, the others give back what they have
    for (const { events } of left) await events.return?.();
  }
}
