// A run that stops before its end: how far it got, as an event and in words.

import type {
  EpochEvent,
  InterruptedEvent,
  RunEvent,
  SimulationEvent,
} from "../federated/events.ts";
import type { RunHeader } from "./run_header.ts";

/** Follows a run, to know where it is. */
export class Whereabouts {
  #run: RunEvent | null = null;
  #last: EpochEvent | null = null;
  #communications = 0;

  update(event: SimulationEvent): void {
    if (event.type === "run") this.#run = event;
    if (event.type === "epoch") this.#last = event;
    if (event.type === "aggregation") this.#communications++;
  }

  /** The run that is under way; null before its first event. */
  get run(): RunEvent | null {
    return this.#run;
  }

  /** The event that ends a run which stops here. */
  interrupted(cause: string): InterruptedEvent {
    return {
      type: "interrupted",
      cause,
      lastRound: this.#last?.round ?? null,
      lastEpoch: this.#last?.epoch ?? null,
      communications: this.#communications,
    };
  }
}

/** "Interrupted after round 2/6, epoch 1/3: SIGINT. What was written until then is in runs/…". */
export function interruptionText(
  { cause, lastRound, lastEpoch, communications }: InterruptedEvent,
  { rounds, localEpochs }: RunEvent,
  { folder }: RunHeader,
): string {
  const place = lastRound === null || lastEpoch === null
    ? "before the first local epoch was over"
    : `after round ${lastRound + 1}/${rounds}, epoch ${lastEpoch + 1}/${localEpochs}` +
      (communications > lastRound ? " and its communication" : "");
  return `Interrupted ${place}: ${cause}. What was written until then is in ${folder}`;
}
