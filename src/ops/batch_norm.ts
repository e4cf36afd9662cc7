// Batch normalization with ragged batches, optionally with the ReLU that follows it.

import source from "../../kernels/batch_norm.wgsl" with { type: "text" };
import { workgroupSizeFor } from "../gpu/adapter.ts";
import { kernelFile } from "../gpu/kernel.ts";
import { record } from "../tensor/autograd.ts";
import { fullTensor, linearWorkgroups } from "../tensor/elementwise.ts";
import { showShape, sizeOf } from "../tensor/shape.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import { expectFloats, expectPositive, expectShape } from "./checks.ts";

const file = kernelFile("batch_norm.wgsl", source);

export interface BatchNormOptions {
  /** scale γ, `[S, C]` */
  weight: Tensor;
  /** shift β, `[S, C]` */
  bias: Tensor;
  /** `[S, C]`; updated in place when training */
  runningMean: Tensor;
  /** `[S, C]`; updated in place with the unbiased variance when training */
  runningVar: Tensor;
  /** `[S]` f32; counts the batches when training */
  numBatchesTracked?: Tensor;
  /** statistics of the batch (true) or the running ones (false) */
  training: boolean;
  /** share of the batch in the running statistics, default 0.1 */
  momentum?: number;
  /** added to the variance, default 1e-5 */
  eps?: number;
  /** `[S]` u32: how many rows of each model are real; the rest is padding. Default: all */
  counts?: Tensor;
  /** what follows the normalization, in the same kernel; default none */
  activation?: "none" | "relu";
}

/** What the kernels of one call share. */
interface Call {
  readonly x: Tensor;
  readonly counts: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor;
  /** `[S, C, 4]`: mean, 1 / deviation, scale, shift */
  readonly channels: Tensor;
  readonly workgroupSize: number;
  readonly rectify: number;
  readonly training: number;
  readonly params: Readonly<Record<"models" | "rows" | "channel_count" | "pixels", number>> & {
    readonly eps: number;
    readonly momentum: number;
  };
}

/**
 * Normalizes each channel of each model, as `torch.nn.functional.batch_norm` (Ioffe and Szegedy 2015).
 * Padded rows (see `counts`) enter no sum; their output and gradient are 0.
 *
 * @param x `[S, N, C, …]`, any number of axes behind C
 * @returns the shape of x
 * @throws {TypeError} for wrong shapes
 * @throws {RangeError} when training with a single value per channel, whose variance is undefined
 */
export function batchNorm(x: Tensor, options: BatchNormOptions): Tensor {
  const { runningMean, runningVar, training, momentum = 0.1, eps = 1e-5 } = options;
  const call = checkedCall(x, options, { eps, momentum });
  if (training) {
    const numBatchesTracked = options.numBatchesTracked ?? fullTensor(x.gpu, [x.shape[0]], 0);
    batchStatistics(call, { runningMean, runningVar, numBatchesTracked });
  } else runningStatistics(call, { runningMean, runningVar });

  const output = onPlanes("normalize", call, {});
  return record(output, [x, call.weight, call.bias], (upstream) => gradients(call, upstream));
}

function checkedCall(
  x: Tensor,
  options: BatchNormOptions,
  scalars: { eps: number; momentum: number },
): Call {
  const { weight, bias, runningMean, runningVar, training } = options;
  if (x.shape.length < 3) {
    throw new TypeError(
      `Cannot apply batchNorm: x has shape ${showShape(x.shape)} but [S, N, C, …] is expected`,
    );
  }
  const [models, rows, channels, ...pixelAxes] = x.shape;
  const pixels = sizeOf(pixelAxes);
  expectFloats("batchNorm", "x", x);
  for (const [name, tensor] of Object.entries({ weight, bias, runningMean, runningVar })) {
    expectShape("batchNorm", name, tensor, [models, channels]);
  }
  if (options.counts) expectShape("batchNorm", "counts", options.counts, [models], "u32");
  if (options.numBatchesTracked) {
    expectShape("batchNorm", "numBatchesTracked", options.numBatchesTracked, [models]);
  }
  expectPositive("batchNorm", { eps: scalars.eps });
  if (!(scalars.momentum >= 0 && scalars.momentum <= 1)) {
    throw new RangeError(
      `Cannot apply batchNorm: momentum is ${scalars.momentum} but a number between 0 and 1 is expected`,
    );
  }
  if (training && rows * pixels === 1) {
    throw new RangeError(
      `Cannot apply batchNorm: training needs more than one value per channel, ` +
        `but x has shape ${showShape(x.shape)}`,
    );
  }
  return {
    x,
    counts: options.counts ?? fullTensor(x.gpu, [models], rows, "u32"),
    weight,
    bias,
    channels: emptyTensor(x.gpu, [models, channels, 4]),
    workgroupSize: workgroupSizeFor(x.gpu.adapter.kind),
    rectify: Number(options.activation === "relu"),
    training: Number(training),
    params: { models, rows, channel_count: channels, pixels, ...scalars },
  };
}

function batchStatistics(
  { x, counts, weight, bias, channels, workgroupSize, params }: Call,
  running: { runningMean: Tensor; runningVar: Tensor; numBatchesTracked: Tensor },
): void {
  x.gpu.dispatch({
    file,
    entryPoint: "batch_statistics",
    constants: { workgroup_size: workgroupSize },
    params,
    buffers: {
      x,
      counts,
      weight,
      bias,
      new_channels: channels,
      running_mean: running.runningMean,
      running_var: running.runningVar,
      batches_tracked: running.numBatchesTracked,
    },
    workgroups: [params.channel_count, params.models],
    work: 4 * x.size, // x, and (x − mean)²
  });
}

function runningStatistics(
  { x, weight, bias, channels, params }: Call,
  running: { runningMean: Tensor; runningVar: Tensor },
): void {
  x.gpu.dispatch({
    file,
    entryPoint: "running_statistics",
    params,
    buffers: {
      weight,
      bias,
      new_channels: channels,
      running_mean: running.runningMean,
      running_var: running.runningVar,
    },
    workgroups: linearWorkgroups(params.models * params.channel_count),
  });
}

/** Gradients of x, weight and bias. */
function gradients(call: Call, upstream: Tensor): (Tensor | null)[] {
  const { x, counts, weight, bias, channels, workgroupSize, rectify, params } = call;
  const weightGradient = emptyTensor(x.gpu, weight.shape);
  const biasGradient = emptyTensor(x.gpu, bias.shape);
  x.gpu.dispatch({
    file,
    entryPoint: "parameter_gradients",
    constants: { workgroup_size: workgroupSize, rectify },
    params,
    buffers: {
      x,
      counts,
      channels,
      upstream,
      weight_gradient: weightGradient,
      bias_gradient: biasGradient,
    },
    workgroups: [params.channel_count, params.models],
    work: 4 * x.size, // upstream, and upstream · (x − mean)
  });
  const inputGradient = x.requiresGrad
    ? onPlanes("input_gradient", call, {
      upstream,
      weight_sums: weightGradient,
      bias_sums: biasGradient,
    })
    : null;
  return [inputGradient, weightGradient, biasGradient];
}

/** Runs an entry point that writes every element of a tensor like x. */
function onPlanes(entryPoint: string, call: Call, buffers: Record<string, Tensor>): Tensor {
  const { x, counts, channels, workgroupSize, rectify, training, params } = call;
  const output = emptyTensor(x.gpu, x.shape);
  const planesPerGroup = Math.floor(workgroupSize / Math.min(params.pixels, workgroupSize));
  x.gpu.dispatch({
    file,
    entryPoint,
    constants: { workgroup_size: workgroupSize, rectify, training },
    params,
    buffers: { x, counts, channels, ...buffers, output },
    workgroups: linearWorkgroups(
      params.models * params.rows * params.channel_count,
      planesPerGroup,
    ),
    work: (entryPoint === "normalize" ? 3 : 5) * x.size,
  });
  return output;
}
