// Plain averaging, as in FedAvg.

import source from "../../../kernels/average.wgsl" with { type: "text" };
import invocation from "../../../kernels/shared/invocation.wgsl" with { type: "text" };
import { kernelFile } from "../../gpu/kernel.ts";
import { linearWorkgroups } from "../../gpu/workgroups.ts";
import { expectFloats, expectOptions } from "../../tensor/checks.ts";
import { emptyTensor, type Tensor } from "../../tensor/tensor.ts";
import { type MeanOptions, meanWeights } from "./mean_weights.ts";

const file = kernelFile("average.wgsl", source, invocation);

/**
 * The mean over clients, for each of them.
 *
 * @param weights `[clients, …]`, f32
 * @param options `rate`, which every aggregation is told, means nothing here: all frequencies are averaged
 * @returns the same shape; all clients' parts are equal
 * @throws {TypeError} for wrong shapes or dtypes
 */
export function averageOverClients(
  weights: Tensor,
  options: MeanOptions & { rate?: number } = {},
): Tensor {
  expectOptions("averageOverClients", options, ["clientWeights", "rate"]);
  expectFloats("averageOverClients", "weights", weights);
  const [clients] = weights.shape;
  const size = weights.size / clients;
  const output = emptyTensor(weights.gpu, weights.shape);
  using client_weights = meanWeights("averageOverClients", weights, options);
  weights.gpu.dispatch({
    file,
    entryPoint: "average",
    params: { clients, size },
    buffers: { input: weights, client_weights, output },
    workgroups: linearWorkgroups(size),
  });
  return output;
}
