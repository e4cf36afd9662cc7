// The fully connected layer.

import source from "../../kernels/linear.wgsl" with { type: "text" };
import invocation from "../../kernels/shared/invocation.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import { linearWorkgroups } from "../gpu/workgroups.ts";
import { record } from "../tensor/autograd.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import {
  expectAxes,
  expectFloats,
  expectOneGpu,
  expectOptions,
  expectShape,
} from "../tensor/checks.ts";

const file = kernelFile("linear.wgsl", source, invocation);

/**
 * x · weightᵀ + bias for each model, as `torch.nn.functional.linear`.
 *
 * @param x `[S, N, I]`
 * @param weight `[S, O, I]`
 * @param options `bias` `[S, O]`, default none
 * @returns `[S, N, O]`
 * @throws {TypeError} for shapes that do not fit together
 */
export function linear(x: Tensor, weight: Tensor, options: { bias?: Tensor } = {}): Tensor {
  expectOptions("linear", options, ["bias"]);
  const { bias } = options;
  expectAxes("linear", "x", x, 3);
  expectAxes("linear", "weight", weight, 3);
  expectFloats("linear", "x", x);
  const [models, rows, inputs] = x.shape;
  const outputs = weight.shape[1];
  expectShape("linear", "weight", weight, [models, outputs, inputs]);
  if (bias) expectShape("linear", "bias", bias, [models, outputs]);
  expectOneGpu("linear", { x, weight, bias });

  const run = (entryPoint: string, buffers: Record<string, Tensor>, output: Tensor) => {
    x.gpu.dispatch({
      file,
      entryPoint,
      params: { models, rows, inputs, outputs },
      buffers: { ...buffers, output },
      workgroups: linearWorkgroups(output.size),
      work: models * rows * outputs * (entryPoint === "bias_gradient" ? 1 : 2 * inputs),
    });
    return output;
  };
  const output = emptyTensor(x.gpu, [models, rows, outputs]);
  if (bias) run("forward_with_bias", { x, weight, bias }, output);
  else run("forward", { x, weight }, output);
  return record(output, bias ? [x, weight, bias] : [x, weight], (upstream) => [
    x.requiresGrad
      ? run("input_gradient", { upstream, weight }, emptyTensor(x.gpu, x.shape))
      : null,
    weight.requiresGrad
      ? run("weight_gradient", { upstream, x }, emptyTensor(weight.gpu, weight.shape))
      : null,
    bias?.requiresGrad
      ? run("bias_gradient", { upstream }, emptyTensor(bias.gpu, bias.shape))
      : null,
  ]);
}
