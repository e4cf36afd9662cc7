// Two-dimensional convolution.

import { record } from "../tensor/autograd.ts";
import { type Shape, showShape } from "../tensor/shape.ts";
import { sumOver } from "../tensor/sum.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  expectAxes,
  expectFloats,
  expectOneGpu,
  expectOptions,
  expectShape,
  expectWhole,
} from "../tensor/checks.ts";
import { type ConvSizes, type Correlation, workOf } from "./conv2d_plan.ts";
import { choiceFor, runChoice } from "./kernel_choice.ts";
import type { CorrelationOperands, GradientOperands } from "./kernel_row.ts";
import { convolution, weightGradient } from "./kernel_table.ts";
import { resizedRows } from "./rows.ts";

/** Options of `conv2d()`; S models, O output channels. */
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
  const { bias = null } = options;
  const sizes = checkedSizes(x, weight, options);
  const work = workOf(sizes);
  const output = correlate({ sizes, transposed: false }, { source: x, weight, bias }, work);
  return record(output, bias ? [x, weight, bias] : [x, weight], (upstream) => {
    const back = { sizes: exchanged(sizes), transposed: true };
    return [
      x.requiresGrad ? correlate(back, { source: upstream, weight, bias: null }, work) : null,
      weight.requiresGrad ? gradientOfWeight(sizes, { x, upstream }, work) : null,
      bias?.requiresGrad ? sumTo(bias.shape, upstream, [false, true, false, true, true]) : null,
    ];
  });
}

/** The gradient for the input is the same sum with input and output exchanged. */
function exchanged(sizes: ConvSizes): ConvSizes {
  return {
    ...sizes,
    in_channels: sizes.out_channels,
    in_height: sizes.out_height,
    in_width: sizes.out_width,
    out_channels: sizes.in_channels,
    out_height: sizes.in_height,
    out_width: sizes.in_width,
  };
}

/** Forward, or the gradient for the input. */
function correlate(
  correlation: Correlation,
  operands: CorrelationOperands,
  work: number,
): Tensor {
  const { sizes } = correlation;
  const { gpu } = operands.source;
  const choice = choiceFor(convolution, correlation, gpu);
  if (choice.row.wholeQuads && sizes.in_width % 4 !== 0) {
    const wider = inWholeQuads(sizes);
    using source = resizedRows(operands.source, wider.in_width);
    using output = correlate({ ...correlation, sizes: wider }, { ...operands, source }, work);
    return resizedRows(output, sizes.out_width);
  }
  const { stack, batch, out_channels, out_height, out_width } = sizes;
  const shape = [stack, batch, out_channels, out_height, out_width];
  return runChoice(choice, correlation, operands, { gpu, shape, work });
}

/** The gradient for the weight: parts of the pixels are summed first, and then these sums. */
function gradientOfWeight(sizes: ConvSizes, operands: GradientOperands, work: number): Tensor {
  const { gpu } = operands.x;
  const choice = choiceFor(weightGradient, sizes, gpu);
  if (choice.row.wholeQuads && sizes.in_width % 4 !== 0) {
    const wider = inWholeQuads(sizes);
    using x = resizedRows(operands.x, wider.in_width);
    using upstream = resizedRows(operands.upstream, wider.in_width); // zeros, whose terms vanish
    return gradientOfWeight(wider, { x, upstream }, work);
  }
  const { stack, out_channels, in_channels, kernel_height, kernel_width } = sizes;
  const shape = [stack, out_channels, in_channels, kernel_height, kernel_width];
  return runChoice(choice, sizes, operands, { gpu, shape, work });
}

/** Of a convolution whose output has the size of the input. */
function inWholeQuads(sizes: ConvSizes): ConvSizes {
  const width = 4 * Math.ceil(sizes.in_width / 4);
  return { ...sizes, in_width: width, out_width: width };
}

/** The sum over the marked axes, in another shape of as many elements. */
function sumTo(shape: Shape, terms: Tensor, summed: readonly boolean[]): Tensor {
  using sum = sumOver(terms, summed);
  return sum.view(shape);
}

function checkedSizes(x: Tensor, weight: Tensor, options: Conv2dOptions): ConvSizes {
  const { bias, stride = 1, padding = 0 } = options;
  expectAxes("conv2d", "x", x, 5);
  expectAxes("conv2d", "weight", weight, 5);
  expectFloats("conv2d", "x", x);
  expectFloats("conv2d", "weight", weight);
  expectWhole("conv2d", { stride }, 1);
  expectWhole("conv2d", { padding }, 0);
  const [stack, batch, in_channels, in_height, in_width] = x.shape;
  const [models, out_channels, weightChannels, kernel_height, kernel_width] = weight.shape;
  const shapes = `(x ${showShape(x.shape)}, weight ${showShape(weight.shape)})`;
  if (models !== stack) {
    throw new TypeError(
      `Cannot apply conv2d: x has ${stack} models but weight has ${models} ${shapes}`,
    );
  }
  if (weightChannels !== in_channels) {
    throw new TypeError(
      `Cannot apply conv2d: x has ${in_channels} channels but weight expects ${weightChannels} ${shapes}`,
    );
  }
  if (bias) expectShape("conv2d", "bias", bias, [stack, out_channels]);
  expectOneGpu("conv2d", { x, weight, bias });
  const out_height = Math.floor((in_height + 2 * padding - kernel_height) / stride) + 1;
  const out_width = Math.floor((in_width + 2 * padding - kernel_width) / stride) + 1;
  if (Math.min(out_height, out_width) < 1) {
    throw new RangeError(
      `Cannot apply conv2d: the kernel is larger than the image with padding ${padding} ${shapes}`,
    );
  }
  return {
    ...{ stack, batch, in_channels, in_height, in_width },
    ...{ out_channels, out_height, out_width },
    ...{ kernel_height, kernel_width, stride, padding },
  };
}
