// Who takes part in a round, and whose update arrives: drawn from the seed, the same however clients are grouped.

import { RandomStream } from "../../random.ts";
import type { SimulationConfig } from "../config.ts";

/** Separate these random numbers from those that initialise (1) and shuffle (2). */
const participationStream = 3;
const dropoutStream = 4;

/** Clients that train in a round, by their index in the dataset, in its order: at least one. */
export function participantsOf(
  { dataset, participation, seed }: SimulationConfig,
  round: number,
): number[] {
  const { length } = dataset.clients;
  const count = Math.max(1, Math.round(participation * length));
  const drawn = new RandomStream(seed, participationStream, round).permutation(length);
  return [...drawn.subarray(0, count)].sort((a, b) => a - b);
}

/** Whether what a client has trained in a round reaches the server. */
export function updateArrives(
  { dropout, seed }: SimulationConfig,
  round: number,
  client: number,
): boolean {
  return new RandomStream(seed, dropoutStream, round, client).uniform() >= dropout;
}
