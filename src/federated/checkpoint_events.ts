// The models of a round as events, to be stored.

import { stateDict } from "../nn/state_dict.ts";
import type { Setup } from "./clients/setup.ts";
import type { ClientStack } from "./clients/stack.ts";
import type { AggregationEvent, CheckpointEvent } from "./events.ts";
import { sharedAsWhole } from "./methods/shares.ts";

/** Every client's models, one after the other: they are downloaded as they are told. */
export async function* checkpoints(
  reason: CheckpointEvent["reason"],
  { round, clients, receivers }: AggregationEvent,
  { config, method }: Setup,
  stack: ClientStack,
): AsyncGenerator<CheckpointEvent, void> {
  const serverRole = receivers.length === 0 ? null : sharedAsWhole(method);
  const places = method.roles.map((role) => stack.modelsOf(role));
  for (const [client, { name }] of config.dataset.clients.entries()) {
    for (const [k, role] of method.roles.entries()) {
      const { model, index } = places[k][client];
      const tensors = await stateDict(model, index);
      const test = clients[client].test[role];
      const isServerModel = client === 0 && role === serverRole;
      yield {
        ...{ type: "checkpoint", reason, round, client: name, role, test },
        ...{ tensors, isServerModel },
      };
    }
  }
}
