// A communication: what clients share goes to the server and comes back, all on the GPU.

import type { BufferView } from "../../gpu/buffers.ts";
import type { FlatTensors } from "../../nn/flat_tensors.ts";
import type { Model } from "../../nn/model.ts";
import type { Module, ParameterSpec } from "../../nn/module.ts";
import type { TensorSets } from "../../nn/training_state.ts";
import { sameShape, type Shape, showShape } from "../../tensor/shape.ts";
import { emptyTensor, type Tensor } from "../../tensor/tensor.ts";
import { meanOverClients } from "../aggregate/average.ts";
import type { Exchange, ExchangeOptions, SharedKind, Sharing } from "../methods/method.ts";
import type { ServerMemory } from "./server_memory.ts";

/** A client's shared model: its place in a stack, and its part in this communication. */
export interface SharedModel {
  readonly model: Model;
  readonly index: number;
  /** what the method remembers of the models of that stack */
  readonly memory?: TensorSets;
  /** how much the client counts in means, relative to the others */
  readonly weight: number;
  /** whether its update reaches the server */
  readonly sends: boolean;
}

/** One tensor of a model that can be shared. */
export interface Shareable {
  readonly name: string;
  readonly kind: SharedKind;
  readonly shape: Shape;
  tensorsOf(client: SharedModel): FlatTensors;
}

/**
 * One communication: every tensor that the method shares is replaced in the shared models of those that
 * receive. Nothing is read back. The order of `clients` is the order of summation.
 *
 * @param rate PFA's low-frequency share in this round
 * @param server what the server remembers, of methods in which it does
 */
export function communicate(
  sharing: Sharing,
  clients: readonly SharedModel[],
  rate: number,
  server: ServerMemory | null = null,
): void {
  const senders = clients.filter(({ sends }) => sends);
  if (senders.length === 0) return;
  const [{ model: { gpu, module } }] = senders;
  using _scope = gpu.scope();
  const clientWeights = emptyTensor(gpu, [senders.length]);
  gpu.write(clientWeights, Float32Array.from(senders, ({ weight }) => weight));
  const options = { rate, clientWeights };
  for (const item of shareables(module)) {
    const exchange = sharing.exchange(item.kind);
    if (!exchange) continue;
    using _scope = gpu.scope();
    const own = gather(senders, item);
    const received = item.kind === "statistics" || server === null
      ? exchanged(exchange, own, options)
      : throughServer(exchange, own, options, { item, clients, senders, server });
    expectReceivable(item.name, own, received);
    const isForAll = received.shape[0] === 1;
    if (sharing.receivers === "all" && !isForAll) {
      throw new TypeError(
        `Cannot aggregate ${item.name}: the method makes ${
          showShape(received.shape)
        }, one for each ` +
          `sender, but all ${clients.length} clients receive one and the same; make it ` +
          `${showShape([1, ...item.shape])}, or let the senders receive`,
      );
    }
    const receivers = sharing.receivers === "all" ? clients : senders;
    receivers.forEach((client, k) =>
      gpu.copy(clientPart(received, isForAll ? 0 : k), placeOf(client, item))
    );
  }
}

/** What comes back of a tensor: what is sent of it, the mean of that, and what is taken of the mean. */
function exchanged(exchange: Exchange, own: Tensor, options: ExchangeOptions): Tensor {
  if (exchange.together) return exchange.together(own, options);
  const mean = average(exchange, own, options);
  return exchange.take?.(own, mean, options) ?? mean;
}

function average(exchange: Exchange, own: Tensor, options: ExchangeOptions): Tensor {
  const { clientWeights } = options;
  const sent = exchange.send?.(own, options) ?? own;
  return exchange.average?.(sent, options) ?? meanOverClients(sent, { clientWeights });
}

/** As `exchanged()`, where the server makes something of the mean before clients take it. */
function throughServer(
  exchange: Exchange,
  own: Tensor,
  options: ExchangeOptions,
  { item, clients, senders, server }: {
    readonly item: Shareable;
    readonly clients: readonly SharedModel[];
    readonly senders: readonly SharedModel[];
    readonly server: ServerMemory;
  },
): Tensor {
  const { clientWeights } = options;
  const { name, shape } = item;
  const inMemory = (set: string): Shareable => ({
    ...item,
    tensorsOf: ({ memory }) => memory![set],
  });
  const means = server.sent.map((set) => {
    const sent = gather(senders, inMemory(set));
    return [set, meanOverClients(sent, { clientWeights })] as const;
  });
  const parameterMean = average(exchange, own, options);
  const one = { dtype: own.dtype, shape: [1, ...shape] };
  expectReceivable(`the mean of ${name}, which the server updates`, one, parameterMean);
  const mean = { parameter: parameterMean, memory: Object.fromEntries(means) };
  const result = server.update(name, mean, senders.length / clients.length);
  for (const [set, value] of Object.entries(result.clients ?? {})) {
    expectReceivable(`${set} of ${name}`, own, value);
    for (const client of clients) {
      value.gpu.copy(clientPart(value, 0), placeOf(client, inMemory(set)));
    }
  }
  const { parameter } = result;
  expectReceivable(name, one, parameter);
  return exchange.take?.(own, parameter, options) ?? parameter;
}

/** A parameter of all clients' shared models, `[clients, …]`. */
export function collect(clients: readonly SharedModel[], parameter: ParameterSpec): Tensor {
  return gather(clients, { ...parameter, tensorsOf: ({ model }) => model.parameters });
}

/** A tensor of all clients' shared models, `[clients, …]`. */
export function gather(clients: readonly SharedModel[], item: Shareable): Tensor {
  const [{ model: { gpu } }] = clients;
  const gathered = emptyTensor(gpu, [clients.length, ...item.shape]);
  clients.forEach((client, k) => gpu.copy(placeOf(client, item), clientPart(gathered, k)));
  return gathered;
}

/** Where a client has a tensor. */
export function placeOf(client: SharedModel, { name, tensorsOf }: Shareable): BufferView {
  return tensorsOf(client).ofModel(name, client.index);
}

/** Parameters and running statistics; what counts something is no statistic. */
export function shareables({ parameters, buffers }: Module): Shareable[] {
  return [
    ...parameters.map((spec) => ({
      ...spec,
      tensorsOf: ({ model }: SharedModel) => model.parameters,
    })),
    ...buffers.filter(({ integer }) => !integer).map((spec) => ({
      ...spec,
      kind: "statistics" as const,
      tensorsOf: ({ model }: SharedModel) => model.buffers,
    })),
  ];
}

/**
 * Methods may be anyone's.
 *
 * @throws {TypeError} for what is of another shape or type than the clients' own
 */
export function expectReceivable(
  name: string,
  own: Pick<Tensor, "dtype" | "shape">,
  received: Tensor,
): void {
  const [clients, ...shape] = own.shape;
  const isFor = (count: number) => sameShape(received.shape, [count, ...shape]);
  if ((isFor(clients) || isFor(1)) && received.dtype === own.dtype) return;
  throw new TypeError(
    `Cannot aggregate ${name}: the method makes ${received.dtype} ${showShape(received.shape)} ` +
      `of ${own.dtype} ${showShape(own.shape)}, but both have to be alike`,
  );
}

/** Where the k-th client's part of `[clients, …]` lies: for copying, which needs no alignment. */
export function clientPart({ buffer, offset, byteLength, shape }: Tensor, k: number): BufferView {
  const size = byteLength / shape[0];
  return { buffer, offset: offset + k * size, byteLength: size };
}
