// How well training went in an epoch, over the clients that took part.

import type { EpochEvent } from "../../federated/events.ts";
import { meanMetrics } from "../../metrics/classification.ts";

/** Mean over participants of the training loss of a role's models, nats. */
export function meanTrainLoss({ clients }: EpochEvent, role: string): number {
  const trained = clients.flatMap(({ train }) => train === null ? [] : [train[role]]);
  return meanMetrics(trained).loss;
}
