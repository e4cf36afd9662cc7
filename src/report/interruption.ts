// A run that stops before its end: how far it got, as an event and in words.

import type { InterruptedEvent, RunEvent, SimulationEvent } from "../federated/events.ts";
import type { EarlierEvent } from "./reading/recorded_rows.ts";
import type { RunHeader } from "./run_header.ts";

/** How far a run has got. */
type ReachedPosition = Pick<InterruptedEvent, "lastRound" | "lastEpoch" | "communications">;

/** Follows a run, to know where it is. */
export class RunPosition {
  #run: RunEvent | null = null;
  #last: { readonly round: number; readonly epoch: number } | null = null;
  #communications = 0;

  update(event: SimulationEvent | EarlierEvent): void {
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
    return { type: "interrupted", cause, ...this.reached };
  }

  get reached(): ReachedPosition {
    return {
      lastRound: this.#last?.round ?? null,
      lastEpoch: this.#last?.epoch ?? null,
      communications: this.#communications,
    };
  }
}

/** "Interrupted after round 2/6, epoch 1/3: SIGINT. What was written until then is in runs/…". */
export function interruptionText(
  end: InterruptedEvent,
  run: RunEvent,
  { folder }: RunHeader,
): string {
  return `Interrupted ${
    positionText(end, run)
  }: ${end.cause}. What was written until then is in ${folder}`;
}

/** "Resumed after round 2/6, epoch 1/3 on llvmpipe (software)", and why if nobody has asked for it. */
export function resumptionText(
  run: RunEvent,
  earlier: readonly EarlierEvent[],
  { adapter, resumedBecause }: RunHeader,
): string {
  const position = new RunPosition();
  for (const event of earlier) position.update(event);
  const reason = resumedBecause === undefined ? "" : `: ${resumedBecause}`;
  return `Resumed ${positionText(position.reached, run)} on ${adapter}${reason}`;
}

function positionText(
  { lastRound, lastEpoch, communications }: ReachedPosition,
  { rounds, localEpochs }: RunEvent,
): string {
  if (lastRound === null || lastEpoch === null) return "before the first local epoch was over";
  return `after round ${lastRound + 1}/${rounds}, epoch ${lastEpoch + 1}/${localEpochs}` +
    (communications > lastRound ? " and its communication" : "");
}
