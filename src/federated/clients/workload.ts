// How much work and memory a federation takes, from the sizes of its splits alone: nothing is allocated.

import { batchingOf } from "../../data/batching.ts";
import { splitNames } from "../../data/dataset.ts";
import { sizeClass } from "../../gpu/buffers.ts";
import { activationSizes, parameterCount } from "../../nn/network.ts";
import type { SimulationConfig } from "../config.ts";
import type { FederatedMethod } from "../methods/method.ts";
import {
  batchingIn,
  byTrainingSize,
  type IndexedClient,
  mostRows,
  type PassKind,
  size,
  splitOf,
} from "./order.ts";
import { participantsOf } from "./participation.ts";
import type { Setup } from "./setup.ts";
import { grouped } from "../../maps.ts";

/** A training step costs about as much as this many forward passes. */
export const trainingCost = 3;

/** Clients whose models advance together. */
export type Group = readonly IndexedClient[];

/** The clients in groups of so many, the longest training splits first. */
export function groupsOf({ dataset }: SimulationConfig, parallelClients: number): Group[] {
  const clients = dataset.clients
    .map((data, index) => ({ index, place: data.place ?? index, data })).sort(byTrainingSize);
  const groups = Array.from({ length: Math.ceil(clients.length / parallelClients) });
  return groups.map((_, k) => clients.slice(k * parallelClients, (k + 1) * parallelClients));
}

/** The work of a run, in forward passes of one batch of one client. */
export class Workload {
  /** of the whole run */
  readonly total: number;

  constructor(
    private readonly config: SimulationConfig,
    private readonly method: FederatedMethod,
    private readonly groups: readonly Group[],
  ) {
    this.total = this.before(config.rounds, 0);
  }

  /** Of so many rounds, and some local epochs of the next. */
  before(rounds: number, epochs: number): number {
    const { localEpochs } = this.config;
    let total = 0;
    for (let round = 0; round <= rounds; round++) {
      const work = (kind: PassKind) => this.#pass(kind, round);
      const epoch = this.decision(round) + work("train") + work("test");
      if (round === rounds) total += epochs * epoch;
      else total += localEpochs * epoch + work("valid") + work("test");
    }
    return total;
  }

  /** Of what a local epoch begins with. */
  decision(round: number): number {
    const { beforeEpoch } = this.method;
    const isEvaluated = beforeEpoch?.evaluates(this.config.localEpochs) ?? false;
    return isEvaluated ? this.#pass("evaluate-train", round) : 0;
  }

  /**
   * Of training that is over in a local epoch.
   *
   * @param group by its index
   * @param participants of the group
   * @param steps that are over
   * @param evaluations that are over
   */
  trained(group: number, participants: Group, steps: number, evaluations: number): number {
    const taken = participants.map((client) => Math.min(steps, this.#batches(client, "train")));
    const ofTest = this.groups[group].map((client) => this.#batches(client, "test"));
    return trainingCost * sum(taken) + evaluations * sum(ofTest);
  }

  #pass(kind: PassKind, round: number): number {
    const participants = participantsOf(this.config, round);
    const trains = (client: IndexedClient) => participants.includes(client.index);
    return sum(this.groups.map((group, index) => {
      if (splitOf(kind) !== "train") return sum(group.map((client) => this.#batches(client, kind)));
      const training = group.filter(trains);
      const batches = training.map((client) => this.#batches(client, kind));
      if (kind !== "train") return sum(batches);
      const longest = Math.max(0, ...batches);
      return this.trained(index, training, longest, this.#evaluationsIn(longest));
    }));
  }

  #batches(client: IndexedClient, kind: PassKind): number {
    return batchingIn(this.config, kind).batches(size(client, splitOf(kind)));
  }

  /** Evaluations within a local epoch of so many steps; its end has its own. */
  #evaluationsIn(steps: number): number {
    const { evaluateEvery } = this.config;
    return evaluateEvery === null ? 0 : Math.max(0, Math.ceil(steps / evaluateEvery) - 1);
  }
}

/**
 * Bytes of a run's training and evaluation steps with so many clients of a group: images of all splits, parameters,
 * gradients, what the optimizer and others remember, and the activations that a step keeps for its backward pass.
 * Within a fifth of what is allocated; what the server needs for a moment at each communication is left out.
 */
export function estimatedMemory(setup: Setup, parallelClients: number): number {
  const { config } = setup;
  const batching = batchingOf(config);
  let resident = 0;
  const steps = new Pool();
  for (const group of groupsOf(config, parallelClients)) {
    resident += imageBytes(config, group) + modelBytes(setup, group.length);
    const batches = group.map((client) => batching.batches(size(client, "train")));
    for (let prefix = group.length; prefix > 0; prefix--) {
      const isTaken = prefix === group.length || batches[prefix - 1] > batches[prefix];
      if (isTaken) steps.include(stepTensors(setup, prefix));
    }
  }
  return resident + steps.bytes;
}

/** Memory that steps share, one after the other: of each size as many buffers as the step that takes most. */
class Pool {
  readonly #counts = new Map<number, number>();

  include(tensors: readonly number[]): void {
    const counts = grouped(tensors.map(sizeClass), (bytes) => bytes);
    for (const [bytes, { length }] of counts) {
      this.#counts.set(bytes, Math.max(length, this.#counts.get(bytes) ?? 0));
    }
  }

  get bytes(): number {
    return [...this.#counts].reduce((sum, [bytes, count]) => sum + bytes * count, 0);
  }
}

/** Bytes of every tensor of a training step of so many clients that others cannot take the place of. */
function stepTensors(setup: Setup, clients: number): number[] {
  const { config, method, module } = setup;
  const { dataset: { imageSize }, augment } = config;
  const rows = clients * method.roles.length * mostRows(config);
  const pixels = imageSize ** 2;
  const activations = activationSizes(module, imageSize);
  const kept = [3 * pixels, ...activations]; // the batch, and what layers make of it
  const passing = new Set(activations); // gradients: of each size, one that comes and one that is made of it
  const augmented = augment === "full" ? new Array(3).fill(pixels) : []; // before, between and after its kernels
  return [
    ...[...kept, ...passing, ...passing, ...augmented].map((elements) => 4 * rows * elements),
    parameterBytes(setup, clients), // gradients of weights, and the parts that they are summed from
  ];
}

/** Of a group's models. */
function modelBytes(setup: Setup, clients: number): number {
  const { optimizer, momentum, onNan, keepOptimizer } = setup.config;
  const ofOptimizer = optimizer === "adam" ? 2 : Number(momentum > 0);
  const copies = 2 + // and gradients
    ofOptimizer + Object.keys(setup.method.memory ?? {}).length +
    (onNan === "skip-client" ? 1 + Number(keepOptimizer) * ofOptimizer : 0);
  return copies * sizeClass(parameterBytes(setup, clients));
}

function parameterBytes({ method, module }: Setup, clients: number): number {
  return 4 * clients * method.roles.length * parameterCount(module);
}

function imageBytes({ dataset: { imageSize } }: SimulationConfig, group: Group): number {
  const sizes = group.flatMap((client) => splitNames.map((split) => size(client, split)));
  return sum(sizes.map((images) => sizeClass(3 * imageSize ** 2 * images)));
}

function sum(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
