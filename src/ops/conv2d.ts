// Two-dimensional convolution.

import generalSource from "../../kernels/conv2d.wgsl" with { type: "text" };
import quadsSource from "../../kernels/conv2d_3x3_quads.wgsl" with { type: "text" };
import sameSource from "../../kernels/conv2d_3x3.wgsl" with { type: "text" };
import gradientSource from "../../kernels/conv2d_gradient_weight.wgsl" with { type: "text" };
import gradientQuadsSource from "../../kernels/conv2d_gradient_weight_quads.wgsl" with {
  type: "text",
};
import invocation from "../../kernels/shared/invocation.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import { record } from "../tensor/autograd.ts";
import { showShape } from "../tensor/shape.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import {
  expectAxes,
  expectFloats,
  expectOneGpu,
  expectOptions,
  expectShape,
  expectWhole,
} from "../tensor/checks.ts";
import {
  type ConvDispatch,
  type ConvReduction,
  type ConvShape,
  planBiasGradient,
  planForward,
  planInputGradient,
  planWeightGradient,
} from "./conv2d_plan.ts";

const files = {
  "conv2d.wgsl": kernelFile("conv2d.wgsl", generalSource, invocation),
  "conv2d_3x3.wgsl": kernelFile("conv2d_3x3.wgsl", sameSource, invocation),
  "conv2d_3x3_quads.wgsl": kernelFile("conv2d_3x3_quads.wgsl", quadsSource, invocation),
  "conv2d_gradient_weight.wgsl": kernelFile(
    "conv2d_gradient_weight.wgsl",
    gradientSource,
    invocation,
  ),
  "conv2d_gradient_weight_quads.wgsl": kernelFile(
    "conv2d_gradient_weight_quads.wgsl",
    gradientQuadsSource,
    invocation,
  ),
};

export interface Conv2dOptions {
  /** `[S, O]`, default none */
  bias?: Tensor;
  /** pixels, both ways, default 1 */
  stride?: number;
  /** rows and columns of zeros on every side, default 0 */
  padding?: number;
}

/**
 * Cross-correlation of each model's images with its weight, as `torch.nn.functional.conv2d` with
 * dilation 1 and groups 1.
 *
 * @param x `[S, N, C, H, W]`
 * @param weight `[S, O, C, kh, kw]`
 * @returns `[S, N, O, ⌊(H + 2·padding − kh) / stride⌋ + 1, …]`
 * @throws {TypeError} for shapes that do not fit together
 * @throws {RangeError} for a stride or padding that is no whole number, or a kernel larger than the padded image
 */
export function conv2d(x: Tensor, weight: Tensor, options: Conv2dOptions = {}): Tensor {
  expectOptions("conv2d", options, ["bias", "stride", "padding"]);
  const { bias } = options;
  const shape = checkedShape(x, weight, options);
  const profile = x.gpu.adapter.kind;
  const { stack, batch, outChannels, outHeight, outWidth } = shape;
  const output = emptyTensor(x.gpu, [stack, batch, outChannels, outHeight, outWidth]);
  run(planForward(shape, bias !== undefined, profile), {
    source: x,
    weight,
    bias: bias ?? weight, // something has to be bound
    output,
  }, workOf(shape));
  return record(output, bias ? [x, weight, bias] : [x, weight], (upstream) => [
    x.requiresGrad ? inputGradient(shape, upstream, weight, x) : null,
    weight.requiresGrad
      ? reduce(planWeightGradient(shape, profile), { x, upstream }, weight, workOf(shape))
      : null,
    bias?.requiresGrad
      ? reduce(planBiasGradient(shape, profile), { upstream }, bias, upstream.size)
      : null,
  ]);
}

function inputGradient(shape: ConvShape, upstream: Tensor, weight: Tensor, x: Tensor): Tensor {
  const output = emptyTensor(x.gpu, x.shape);
  const plan = planInputGradient(shape, upstream.gpu.adapter.kind);
  run(plan, { source: upstream, weight, bias: weight, output }, workOf(shape));
  return output;
}

/** The gradient of a parent: sums the parts, then adds them up. */
function reduce(
  plan: ConvReduction,
  inputs: Record<string, Tensor>,
  parent: Tensor,
  work: number,
): Tensor {
  const output = emptyTensor(parent.gpu, parent.shape);
  if (!plan.total) {
    run(plan.partial, { ...inputs, output }, work);
    return output;
  }
  const [stack, ...ofModel] = parent.shape;
  using parts = emptyTensor(parent.gpu, [stack, plan.ranges, ...ofModel]);
  run(plan.partial, { ...inputs, output: parts }, work);
  run(plan.total, { partial: parts, output });
  return output;
}

function run(plan: ConvDispatch, buffers: Record<string, Tensor>, work?: number): void {
  const { kernel, entryPoint, constants, params, workgroups } = plan;
  const { gpu } = buffers.output;
  gpu.dispatch({ file: files[kernel], entryPoint, constants, params, buffers, workgroups, work });
}

/** Operations of the direct sum, and of either of its gradients: a multiply-add is two. */
function workOf(conv: ConvShape): number {
  const outputs = conv.stack * conv.batch * conv.outChannels * conv.outHeight * conv.outWidth;
  return 2 * outputs * conv.inChannels * conv.kernelHeight * conv.kernelWidth;
}

function checkedShape(x: Tensor, weight: Tensor, options: Conv2dOptions): ConvShape {
  const { bias, stride = 1, padding = 0 } = options;
  expectAxes("conv2d", "x", x, 5);
  expectAxes("conv2d", "weight", weight, 5);
  expectFloats("conv2d", "x", x);
  expectFloats("conv2d", "weight", weight);
  expectWhole("conv2d", { stride }, 1);
  expectWhole("conv2d", { padding }, 0);
  const [stack, batch, inChannels, height, width] = x.shape;
  const [models, outChannels, weightChannels, kernelHeight, kernelWidth] = weight.shape;
  const shapes = `(x ${showShape(x.shape)}, weight ${showShape(weight.shape)})`;
  if (models !== stack) {
    throw new TypeError(
      `Cannot apply conv2d: x has ${stack} models but weight has ${models} ${shapes}`,
    );
  }
  if (weightChannels !== inChannels) {
    throw new TypeError(
      `Cannot apply conv2d: x has ${inChannels} channels but weight expects ${weightChannels} ${shapes}`,
    );
  }
  if (bias) expectShape("conv2d", "bias", bias, [stack, outChannels]);
  expectOneGpu("conv2d", { x, weight, bias });
  const outHeight = Math.floor((height + 2 * padding - kernelHeight) / stride) + 1;
  const outWidth = Math.floor((width + 2 * padding - kernelWidth) / stride) + 1;
  if (Math.min(outHeight, outWidth) < 1) {
    throw new RangeError(
      `Cannot apply conv2d: the kernel is larger than the image with padding ${padding} ${shapes}`,
    );
  }
  return {
    stack,
    batch,
    inChannels,
    height,
    width,
    outChannels,
    outHeight,
    outWidth,
    kernelHeight,
    kernelWidth,
    stride,
    padding,
  };
}
