// The server: collects what the clients share, aggregates it, and gives it back, all on the GPU.

import type { BufferView } from "../gpu/buffers.ts";
import type { FlatTensors } from "../nn/flat_tensors.ts";
import type { Model } from "../nn/model.ts";
import type { Module, ParameterSpec } from "../nn/module.ts";
import { sameShape, type Shape, showShape } from "../tensor/shape.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import type { SharedKind, Sharing } from "./methods/method.ts";

/** A client's shared model: its place in a stack, and its part in this communication. */
export interface SharedModel {
  readonly model: Model;
  readonly index: number;
  /** how much the client counts in means, relative to the others */
  readonly weight: number;
  /** whether its update reaches the server */
  readonly sends: boolean;
}

/** One tensor of a model that can be shared. */
interface Shareable {
  readonly name: string;
  readonly kind: SharedKind;
  readonly shape: Shape;
  tensorsOf(model: Model): FlatTensors;
}

/**
 * One communication: every tensor that the method aggregates is replaced in the shared models of those that
 * receive. Nothing is read back. The order of `clients` is the order of summation.
 *
 * @param rate PFA's low-frequency share in this round
 */
export function communicate(
  sharing: Sharing,
  clients: readonly SharedModel[],
  rate: number,
): void {
  const senders = clients.filter(({ sends }) => sends);
  if (senders.length === 0) return;
  const [{ model: { gpu, module } }] = senders;
  using _scope = gpu.scope();
  const clientWeights = emptyTensor(gpu, [senders.length]);
  gpu.write(clientWeights, Float32Array.from(senders, ({ weight }) => weight));
  for (const { name, kind, shape, tensorsOf } of shareables(module)) {
    const aggregate = sharing.aggregation(kind);
    if (!aggregate) continue;
    using _scope = gpu.scope();
    const placeOf = ({ model, index }: SharedModel) => tensorsOf(model).ofModel(name, index);
    const sent = emptyTensor(gpu, [senders.length, ...shape]);
    senders.forEach((client, k) => gpu.copy(placeOf(client), clientPart(sent, k)));
    const received = aggregate(sent, { rate, clientWeights });
    expectAsSent(name, sent, received);
    if (sharing.receivers === "all") {
      clients.forEach((client) => gpu.copy(clientPart(received, 0), placeOf(client)));
    } else senders.forEach((client, k) => gpu.copy(clientPart(received, k), placeOf(client)));
  }
}

/** A parameter of all clients' shared models, `[clients, …]`. */
export function collect(clients: readonly SharedModel[], parameter: ParameterSpec): Tensor {
  const [{ model: { gpu } }] = clients;
  const collected = emptyTensor(gpu, [clients.length, ...parameter.shape]);
  clients.forEach(({ model, index }, k) =>
    gpu.copy(model.parameters.ofModel(parameter.name, index), clientPart(collected, k))
  );
  return collected;
}

/** Parameters and running statistics; what counts something is no statistic. */
function shareables({ parameters, buffers }: Module): Shareable[] {
  return [
    ...parameters.map((spec) => ({ ...spec, tensorsOf: (model: Model) => model.parameters })),
    ...buffers.filter(({ integer }) => !integer).map((spec) => ({
      ...spec,
      kind: "statistics" as const,
      tensorsOf: (model: Model) => model.buffers,
    })),
  ];
}

/** Methods may be anyone's. */
function expectAsSent(name: string, sent: Tensor, received: Tensor): void {
  if (!sameShape(sent.shape, received.shape) || received.dtype !== sent.dtype) {
    throw new TypeError(
      `Cannot aggregate ${name}: the method makes ${received.dtype} ${showShape(received.shape)} ` +
        `of ${sent.dtype} ${showShape(sent.shape)}, but both have to be alike`,
    );
  }
}

/** Where the k-th client's part of `[clients, …]` lies: for copying, which needs no alignment. */
function clientPart({ buffer, offset, byteLength, shape }: Tensor, k: number): BufferView {
  const size = byteLength / shape[0];
  return { buffer, offset: offset + k * size, byteLength: size };
}
