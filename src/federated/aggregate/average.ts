// Means over clients, as in FedAvg.

import source from "../../../kernels/average.wgsl" with { type: "text" };
import invocation from "../../../kernels/shared/invocation.wgsl" with { type: "text" };
import { kernelFile } from "../../gpu/kernel.ts";
import { linearWorkgroups } from "../../gpu/workgroups.ts";
import { expectFloats, expectOptions } from "../../tensor/checks.ts";
import { emptyTensor, type Tensor } from "../../tensor/tensor.ts";
import { type MeanOptions, meanWeights } from "./mean_weights.ts";

const file = kernelFile("average.wgsl", source, invocation);

/**
 * The mean over clients.
 *
 * @param tensors `[clients, …]`, f32
 * @param options `clientWeights` `[clients]`: how much each client counts, relative to the others; default all alike
 * @returns `[1, …]`
 * @throws {TypeError} for wrong shapes or dtypes
 */
export function meanOverClients(tensors: Tensor, options: MeanOptions = {}): Tensor {
  return average("meanOverClients", tensors, options, 1);
}

/**
 * The mean over clients, for each of them.
 *
 * @param tensors `[clients, …]`, f32
 * @param options as of `meanOverClients()`
 * @returns the same shape; all clients' parts are equal
 * @throws {TypeError} for wrong shapes or dtypes
 */
export function averageOverClients(tensors: Tensor, options: MeanOptions = {}): Tensor {
  return average("averageOverClients", tensors, options, tensors.shape?.[0]);
}

function average(op: string, tensors: Tensor, options: MeanOptions, copies: number): Tensor {
  expectOptions(op, options, ["clientWeights"]);
  expectFloats(op, "weights", tensors);
  const { gpu, shape } = tensors;
  const [clients] = shape;
  const size = tensors.size / clients;
  const output = emptyTensor(gpu, [copies, ...shape.slice(1)]);
  using client_weights = meanWeights(op, tensors, options);
  gpu.dispatch({
    file,
    entryPoint: "average",
    params: { clients, size, copies },
    buffers: { input: tensors, client_weights, output },
    workgroups: linearWorkgroups(size),
  });
  return output;
}
