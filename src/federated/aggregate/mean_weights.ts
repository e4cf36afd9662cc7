// How much each client counts in a mean over clients.

import { expectOneGpu, expectShape } from "../../tensor/checks.ts";
import { fullTensor } from "../../tensor/elementwise.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Options of means over clients. */
export interface MeanOptions {
  /** `[clients]` f32, above 0: how much each client counts, relative to the others; default all alike */
  readonly clientWeights?: Tensor;
}

/** The weights in a mean over the first axis of `tensor`, as a tensor that the caller disposes of. */
export function meanWeights(op: string, tensor: Tensor, { clientWeights }: MeanOptions): Tensor {
  const shape = tensor.shape.slice(0, 1);
  if (!clientWeights) return fullTensor(tensor.gpu, shape, 1);
  expectShape(op, "clientWeights", clientWeights, shape);
  expectOneGpu(op, { weights: tensor, clientWeights });
  return clientWeights.view(shape);
}
