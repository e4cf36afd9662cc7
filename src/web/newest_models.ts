// The weights of every method's models as they were after its newest round, taken from what a run tells.

import type { SimulationEvent } from "../federated/events.ts";
import type { MethodName } from "../federated/methods/registry.ts";
import type { HostTensor } from "../tensor/host_tensor.ts";

/** Weights of one model, under PyTorch's keys. */
export type Weights = ReadonlyMap<string, HostTensor>;

/** The models of one method. */
export interface MethodModels {
  /** how many rounds were over */
  readonly rounds: number;
  /** of each client, in the dataset's order: its models by their role */
  readonly clients: readonly ReadonlyMap<string, Weights>[];
}

/** Keeps them; what came before is forgotten. */
export class NewestModels {
  readonly #methods = new Map<MethodName, MethodModels>();
  /** of each method whose run ends: its models so far */
  readonly #last = new Map<MethodName, Map<string, Map<string, Weights>>>();

  /** Takes what an event tells of weights: a state after a round, or the checkpoints of the last one. */
  take(method: MethodName, event: SimulationEvent): void {
    if (event.type === "state") {
      const { position: { at, round }, tensors } = event.state;
      if (at === "round" && round > 0) {
        this.#methods.set(method, { rounds: round, clients: modelsOfState(tensors) });
      }
    } else if (event.type === "checkpoint" && event.reason === "final") {
      const clients = this.#last.get(method) ?? new Map<string, Map<string, Weights>>();
      this.#last.set(method, clients);
      const models = clients.get(event.client) ?? new Map<string, Weights>();
      clients.set(event.client, models.set(event.role, event.tensors));
    } else if (event.type === "done") {
      this.put(method, {
        rounds: event.rounds,
        clients: [...this.#last.get(method)?.values() ?? []],
      });
      this.#last.delete(method);
    }
  }

  /** Takes them as they were kept. */
  put(method: MethodName, models: MethodModels): void {
    this.#methods.set(method, models);
  }

  /** Null before the end of the method's first round. */
  of(method: MethodName): MethodModels | null {
    return this.#methods.get(method) ?? null;
  }
}

/** What belongs to a model; the rest of a state is memory of optimizers and methods. */
const modelSets = ["parameters", "buffers"];

/** Each client's models by their role. @param tensors of a state: `client.role.set.name` */
export function modelsOfState(tensors: ReadonlyMap<string, HostTensor>): Map<string, Weights>[] {
  const clients: Map<string, Map<string, HostTensor>>[] = [];
  for (const [key, tensor] of tensors) {
    const [client, role, set, ...name] = key.split(".");
    if (!modelSets.includes(set)) continue;
    const models = clients[Number(client)] ??= new Map();
    const weights = models.get(role) ?? new Map<string, HostTensor>();
    models.set(role, weights.set(name.join("."), tensor));
  }
  return clients;
}
