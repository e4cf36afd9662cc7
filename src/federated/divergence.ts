// Numbers that have gone bad: where they showed, and what a person is told of it.

import type { SimulationConfig } from "./config.ts";
import type { FederatedMethod } from "./methods/method.ts";

/** The numbers have overflowed: what follows would be meaningless. */
export class DivergenceError extends Error {
  override readonly name = "DivergenceError";
}

/** A client's model of which a loss or a weight is not finite. */
export interface Divergence {
  /** index in the dataset */
  readonly client: number;
  readonly role: string;
  /** the training step of the local epoch after which it showed, counted from 1; 0: before the first */
  readonly step: number;
  /** training steps of the client's local epochs */
  readonly steps: number;
  readonly cause: string;
}

/** In the order of their steps, then of clients: whatever the grouping, the same one is the first. */
export function inOrder(divergences: readonly Divergence[]): Divergence[] {
  return divergences.toSorted((a, b) => a.step - b.step || a.client - b.client);
}

/** "round 2, local epoch 1, step 3 of 5", counted from 1. */
export function placeOf(
  { round, epoch }: { readonly round: number; readonly epoch: number },
  { step, steps }: Pick<Divergence, "step" | "steps">,
): string {
  const when = step === 0 ? "before the first step" : `step ${step} of ${steps}`;
  return `round ${round + 1}, local epoch ${epoch + 1}, ${when}`;
}

/** What makes numbers overflow in training, as far as it can be told from the settings. */
export function likelyCauses(
  { proximalMu }: SimulationConfig,
  { proximal = false }: FederatedMethod,
  learningRate: number,
): string {
  const rate = `a learning rate that is too high (${learningRate} in this round)`;
  return proximal ? `${rate}, or a proximal mu that is too large (${proximalMu})` : rate;
}
