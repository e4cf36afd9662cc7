// How much GPU memory a federation takes, estimated from its shapes before anything is allocated.

import { splitNames } from "../data/dataset.ts";
import { sizeClass } from "../gpu/buffers.ts";
import { vggActivations, vggSize } from "../nn/vgg.ts";
import { batchingOf } from "./batching.ts";
import type { SimulationConfig } from "./config.ts";
import { byTrainingSize } from "./lineup.ts";
import type { FederatedMethod } from "./methods/method.ts";

/**
 * Bytes of a run's training and evaluation steps with so many clients of a group: images of all splits, parameters,
 * gradients, what the optimizer and others remember, and the activations that a step keeps for its backward pass.
 * Within a fifth of what is allocated; what the server needs for a moment at each communication is left out.
 */
export function estimatedMemory(
  config: SimulationConfig,
  method: FederatedMethod,
  parallelClients: number,
): number {
  const clients = config.dataset.clients.map((data, index) => ({ index, data }))
    .sort(byTrainingSize);
  const batching = batchingOf(config);
  let resident = 0;
  const steps = new Pool();
  for (let first = 0; first < clients.length; first += parallelClients) {
    const members = clients.slice(first, first + parallelClients);
    resident += imageBytes(config, members.map(({ data }) => data)) +
      modelBytes(config, method, members.length);
    const batches = members.map(({ data }) => batching.batches(data.train.labels.length));
    for (let prefix = members.length; prefix > 0; prefix--) {
      const isTaken = prefix === members.length || batches[prefix - 1] > batches[prefix];
      if (isTaken) steps.include(stepTensors(config, method, prefix));
    }
  }
  return resident + steps.bytes;
}

/** Memory that steps share, one after the other: of each size as many buffers as the step that takes most. */
class Pool {
  readonly #counts = new Map<number, number>();

  include(tensors: readonly number[]): void {
    const counts = Map.groupBy(tensors.map(sizeClass), (bytes) => bytes);
    for (const [bytes, { length }] of counts) {
      this.#counts.set(bytes, Math.max(length, this.#counts.get(bytes) ?? 0));
    }
  }

  get bytes(): number {
    return this.#counts.entries().reduce((sum, [bytes, count]) => sum + bytes * count, 0);
  }
}

/** Bytes of every tensor of a training step of so many clients that others cannot take the place of. */
function stepTensors(config: SimulationConfig, method: FederatedMethod, clients: number): number[] {
  const { dataset, width, augment } = config;
  const { imageSize } = dataset;
  const sizes = dataset.clients.map(({ train }) => train.labels.length);
  const rows = clients * method.roles.length * batchingOf(config).largest(sizes);
  const pixels = imageSize ** 2;
  const kept = [3 * pixels]; // the batch
  const passing = new Set<number>(); // gradients: of each size, one that comes and one that is made of it
  for (const { size, layers } of vggActivations(imageSize, width)) {
    const pooled = size / 4; // instead of the last layer's normalized values
    kept.push(...new Array(2 * layers - 1).fill(size), pooled);
    passing.add(size).add(pooled);
  }
  const augmented = augment === "full" ? new Array(3).fill(pixels) : []; // before, between and after its kernels
  return [
    ...[...kept, ...passing, ...passing, ...augmented].map((elements) => 4 * rows * elements),
    parameterBytes(config, method, clients), // gradients of weights, and the parts that they are summed from
  ];
}

/** Of a group's models. */
function modelBytes(config: SimulationConfig, method: FederatedMethod, clients: number): number {
  const copies = 2 + // and gradients
    (config.optimizer === "adam" ? 2 : 0) +
    Number(method.proximal ?? false) +
    Number(config.onNan === "skip-client");
  return copies * sizeClass(parameterBytes(config, method, clients));
}

function parameterBytes(
  { dataset, network, width }: SimulationConfig,
  { roles }: FederatedMethod,
  clients: number,
): number {
  const bias = network === "vgg_b";
  const ofModel = vggSize({ numClasses: dataset.classNames.length, bias, width });
  return 4 * clients * roles.length * ofModel;
}

/** Of a group's clients. */
function imageBytes(
  { dataset: { imageSize } }: SimulationConfig,
  clients: SimulationConfig["dataset"]["clients"],
): number {
  const sizes = clients.flatMap((client) => splitNames.map((split) => client[split].labels.length));
  return sizes.reduce((sum, images) => sum + sizeClass(3 * imageSize ** 2 * images), 0);
}
