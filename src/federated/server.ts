// The server: collects what the clients share, aggregates it, and gives it back, all on the GPU.

import type { Model } from "../nn/model.ts";
import type { BufferView } from "../gpu/buffers.ts";
import { emptyTensor } from "../tensor/tensor.ts";
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
    using _scope = gpu.scope();
    const sent = emptyTensor(gpu, [clients.length, ...parameter.shape]);
    clients.forEach((client, k) => {
      const own = parameterOf(client, parameter.name);
      gpu.copy(own, slice(sent, k * own.byteLength, own.byteLength));
    });
    const received = method.aggregate(parameter, sent, { rate });
    if (!received) continue;
    clients.forEach((client, k) => {
      const own = parameterOf(client, parameter.name);
      gpu.copy(slice(received, k * own.byteLength, own.byteLength), own);
    });
  }
}

/** Where one client's copy of a parameter lies. */
function parameterOf({ model, index }: SharedModel, name: string): BufferView {
  const { start, size } = model.parameters.block(name);
  return slice(model.parameters.whole, (start + index * size) * 4, size * 4);
}

/** A part of a buffer for copying, which unlike binding needs no alignment. */
function slice({ buffer, offset }: BufferView, from: number, byteLength: number): BufferView {
  return { buffer, offset: offset + from, byteLength };
}
