// Plain averaging, as in FedAvg with equal weights.

import source from "../../../kernels/average.wgsl" with { type: "text" };
import { kernelFile } from "../../gpu/kernel.ts";
import { linearWorkgroups } from "../../tensor/elementwise.ts";
import { emptyTensor, type Tensor } from "../../tensor/tensor.ts";

const file = kernelFile("average.wgsl", source);

/**
 * The mean over clients, for each of them.
 *
 * @param weights `[clients, …]`, f32
 * @returns the same shape; all clients' parts are equal
 */
export function averageOverClients(weights: Tensor): Tensor {
  const output = emptyTensor(weights.gpu, weights.shape);
  const clients = weights.shape[0];
  const size = weights.size / clients;
  weights.gpu.dispatch({
    file,
    entryPoint: "average",
    params: { clients, size },
    buffers: { input: weights, output },
    workgroups: linearWorkgroups(size),
  });
  return output;
}
