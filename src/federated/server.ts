// The server: collects what the clients share, aggregates it, and gives it back, all on the GPU.

import type { Model } from "../nn/model.ts";
import type { BufferView } from "../gpu/buffers.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import type { FederatedMethod } from "./methods/method.ts";

/** A client's shared model: its place in a stack. */
export interface SharedModel {
  readonly model: Model;
  readonly index: number;
}

/**
 * One communication: every parameter that the method aggregates is replaced in every client's shared model.
 * Nothing is read back. The order of `clients` is the order of summation.
 *
 * @param rate PFA's low-frequency share in this round
 */
export function communicate(
  method: FederatedMethod,
  clients: readonly SharedModel[],
  rate: number,
): void {
  const [{ model: { gpu, module } }] = clients;
  for (const parameter of module.parameters) {
    const aggregate = method.aggregation(parameter.kind);
    if (!aggregate) continue;
    using _scope = gpu.scope();
    const sent = emptyTensor(gpu, [clients.length, ...parameter.shape]);
    const places = clients.map(({ model, index }) =>
      model.parameters.ofModel(parameter.name, index)
    );
    places.forEach((own, k) => gpu.copy(own, clientPart(sent, k)));
    const received = aggregate(sent, { rate });
    places.forEach((own, k) => gpu.copy(clientPart(received, k), own));
  }
}

/** Where the k-th client's part of `[clients, …]` lies: for copying, which needs no alignment. */
function clientPart({ buffer, offset, byteLength, shape }: Tensor, k: number): BufferView {
  const size = byteLength / shape[0];
  return { buffer, offset: offset + k * size, byteLength: size };
}
