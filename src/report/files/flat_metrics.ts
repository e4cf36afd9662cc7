// Events taken apart: one entry for every model and split that was measured, and the steps done by then.

import type { ByRole, RunEvent, SimulationEvent } from "../../federated/events.ts";
import type { Metrics } from "../../metrics/classification.ts";

/** One model's metrics on one split. */
export interface FlatMetrics {
  readonly client: string;
  readonly split: "train" | "valid" | "test";
  readonly role: string;
  readonly metrics: Metrics;
}

/** All metrics of an event; none in most kinds. Means over clients are left out: they can be computed. */
export function* flatMetrics(event: SimulationEvent): Generator<FlatMetrics> {
  switch (event.type) {
    case "stage":
      for (const { client, decision } of event.clients) yield* ofRoles(client, "train", decision);
      break;
    case "evaluation":
      for (const { client, test } of event.clients) yield* ofRoles(client, "test", test);
      break;
    case "epoch":
      for (const { client, train, test } of event.clients) {
        yield* ofRoles(client, "train", train);
        yield* ofRoles(client, "test", test);
      }
      break;
    case "aggregation":
      for (const { client, valid, test } of event.clients) {
        yield* ofRoles(client, "valid", valid);
        yield* ofRoles(client, "test", test);
      }
      break;
  }
}

function* ofRoles(
  client: string,
  split: FlatMetrics["split"],
  byRole: ByRole<Metrics> | null,
): Generator<FlatMetrics> {
  for (const [role, metrics] of Object.entries(byRole ?? {})) {
    yield { client, split, role, metrics };
  }
}

/** The events that have a place in the course of training. */
export type PlacedEvent = Extract<
  SimulationEvent,
  { readonly type: "round" | "stage" | "evaluation" | "epoch" | "aggregation" }
>;

/**
 * Training steps since the run began, of the client with most images as if it sat out no round: whole numbers,
 * unlike epochs, also for what is measured within an epoch.
 */
export function stepsBefore(event: PlacedEvent, { localEpochs, stepsPerEpoch }: RunEvent): number {
  const epochs = event.round * localEpochs;
  switch (event.type) {
    case "round":
      return epochs * stepsPerEpoch;
    case "stage": // decided before the epoch
      return (epochs + event.epoch) * stepsPerEpoch;
    case "evaluation":
      return (epochs + event.epoch) * stepsPerEpoch + event.step;
    case "epoch":
      return (epochs + event.epoch + 1) * stepsPerEpoch;
    case "aggregation":
      return (epochs + localEpochs) * stepsPerEpoch;
  }
}
