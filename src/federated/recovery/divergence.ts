// Numbers that have gone bad: where they showed, and what a person is told of it.

import { DivergenceError } from "../errors.ts";

/** A client's model of which a loss or a weight is not finite. */
export interface Divergence {
  /** index in the dataset */
  readonly client: number;
  readonly role: string;
  /** the training step of the local epoch at which it showed, counted from 1; 0: before the first */
  readonly step: number;
  /** training steps of the client's local epochs */
  readonly steps: number;
  readonly cause: string;
}

/** In the order of their steps, then of clients: whatever the grouping, the same one is the first. */
export function inOrder(divergences: readonly Divergence[]): Divergence[] {
  return divergences.toSorted((a, b) => a.step - b.step || a.client - b.client);
}

/** What the messages tell besides the divergence. */
export interface Circumstances {
  /** of the client */
  readonly name: string;
  /** in this round */
  readonly learningRate: number;
  /** what else may be the cause, in words that follow "or"; null if nothing */
  readonly otherCause: string | null;
}

/** @param advice what to do, or why there is nothing to be done */
export function divergedInTraining(
  { role, step, steps, cause }: Divergence,
  { round, epoch }: { readonly round: number; readonly epoch: number },
  circumstances: Circumstances,
  advice: string,
): DivergenceError {
  const when = step === 0 ? "before the first step" : `step ${step} of ${steps}`;
  return new DivergenceError(
    `Training of client ${circumstances.name}'s ${role} model has diverged in round ${
      round + 1
    }, ` +
      `local epoch ${epoch + 1}, ${when}: ${cause}; ${likelyCause(circumstances)}; ${advice}`,
  );
}

/** Finite numbers went to the server, but others came back or follow from what did. */
export function divergedAfterRound(
  { role, cause }: Divergence,
  round: number,
  circumstances: Circumstances,
): DivergenceError {
  return new DivergenceError(
    `Client ${circumstances.name}'s ${role} model has diverged at the end of round ${round + 1}, ` +
      `after the communication: ${cause}; ${likelyCause(circumstances)}`,
  );
}

/** As far as it can be told from the settings. */
function likelyCause({ learningRate, otherCause }: Circumstances): string {
  const rate =
    `the likely cause is a learning rate that is too high (${learningRate} in this round)`;
  return otherCause === null ? rate : `${rate}, or ${otherCause}`;
}
