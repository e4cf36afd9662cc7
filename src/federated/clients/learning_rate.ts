// The schedule of the learning rate, PyTorch's StepLR with a step for each communication round.

import type { SimulationConfig } from "../config.ts";

/** The learning rate of a round, counted from 0: multiplied by γ every so many rounds. */
export function learningRateOf(
  { learningRate, learningRateStep, learningRateGamma }: Pick<
    SimulationConfig,
    "learningRate" | "learningRateStep" | "learningRateGamma"
  >,
  round: number,
): number {
  return learningRate * learningRateGamma ** Math.floor(round / learningRateStep);
}
