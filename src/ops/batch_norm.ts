// Batch normalization with ragged batches, optionally with the ReLU and the max pooling that follow it.

import type { KernelFile } from "../gpu/kernel.ts";
import type { Constants } from "../gpu/pipelines.ts";
import { linearWorkgroups, workgroupSizeFor } from "../gpu/workgroups.ts";
import { record } from "../tensor/autograd.ts";
import { showShape, sizeOf } from "../tensor/shape.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import {
  expectAxes,
  expectChoice,
  expectFloats,
  expectOneGpu,
  expectOptions,
  expectPositive,
  expectShape,
  expectSwitches,
  expectTensor,
  expectWithin,
} from "../tensor/checks.ts";
import { batchNormalization, kernelFor } from "./kernel_table.ts";
import { maxPool2d } from "./pool2d.ts";

/** Operands and options of `batchNorm()`; S models, C channels or features. */
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
  /** what follows that: `maxPool2d()` with windows of 2×2 pixels of x `[S, N, C, H, W]`; default none */
  pool?: "none" | "max2x2";
}

const needed = ["weight", "bias", "runningMean", "runningVar", "training"];
const known = [...needed, "numBatchesTracked", "momentum", "eps", "counts", "activation", "pool"];

/** What the kernels of one call share. */
interface Call {
  readonly file: KernelFile;
  readonly x: Tensor;
  readonly counts: Tensor | null;
  readonly weight: Tensor;
  readonly bias: Tensor;
  /** `[S, C, 4]`: mean, 1 / deviation, scale, shift */
  readonly channels: Tensor;
  readonly workgroup_size: number;
  readonly constants: Readonly<Record<"workgroup_size" | "rectify" | "training", number>>;
  /** whether the kernels pool too */
  readonly pool: boolean;
  /** of rows, in which sums over a channel are divided */
  readonly ranges: number;
  readonly params: Readonly<Record<string, number>>;
  /** of those that walk over all planes of x */
  readonly workgroups: readonly [number, number];
}

/**
 * Normalizes each channel of each model, as `torch.nn.functional.batch_norm` (Ioffe and Szegedy 2015).
 * Padded rows (see `counts`) enter no sum; their output and gradient are 0.
 *
 * @param x `[S, N, C, …]`, any number of axes behind C
 * @returns the shape of x; with pooling `[S, N, C, ⌊H/2⌋, ⌊W/2⌋]`
 * @throws {TypeError} for wrong shapes
 * @throws {RangeError} when training with one value per channel, which has no variance; for images too small to pool
 */
export function batchNorm(x: Tensor, options: BatchNormOptions): Tensor {
  expectOptions("batchNorm", options, known, needed);
  expectSwitches("batchNorm", { training: options.training });
  expectChoice("batchNorm", "activation", options.activation ?? "none", ["none", "relu"]);
  expectChoice("batchNorm", "pool", options.pool ?? "none", ["none", "max2x2"]);
  const { pool = "none", ...unpooled } = options;
  if (pool === "max2x2") expectAxes("batchNorm with pooling", "x", x, 5);
  const call = checkedCall(x, options);
  if (!call) return maxPool2d(batchNorm(x, unpooled), { kernelSize: 2 });
  if (options.training) batchStatistics(call, options);
  else runningStatistics(call, options);
  const output = call.pool ? normalizedAndPooled(call) : onPlanes("normalize", call, {});
  return record(output, [x, call.weight, call.bias], (upstream) => gradients(call, upstream));
}

/** Null where no kernel does both: pooling is an operation of its own then. */
function checkedCall(x: Tensor, options: BatchNormOptions): Call | null {
  const { weight, bias, runningMean, runningVar, training, momentum = 0.1, eps = 1e-5 } = options;
  expectTensor("batchNorm", "x", x);
  if (x.shape.length < 3) {
    throw new TypeError(
      `Cannot apply batchNorm: x has shape ${showShape(x.shape)} but [S, N, C, …] is expected`,
    );
  }
  const [models, rows, channels, ...pixelAxes] = x.shape;
  expectFloats("batchNorm", "x", x);
  for (const [name, tensor] of Object.entries({ weight, bias, runningMean, runningVar })) {
    expectShape("batchNorm", name, tensor, [models, channels]);
  }
  const { counts, numBatchesTracked } = options;
  if (counts) {
    expectShape("batchNorm", "counts", counts, [models], "u32");
    expectWithin("batchNorm", "counts", counts, 0, rows);
  }
  if (numBatchesTracked) {
    expectShape("batchNorm", "numBatchesTracked", numBatchesTracked, [models]);
  }
  const statistics = { runningMean, runningVar, numBatchesTracked };
  expectOneGpu("batchNorm", { x, weight, bias, ...statistics, counts });
  expectPositive("batchNorm", { eps });
  if (!(momentum >= 0 && momentum <= 1)) {
    throw new RangeError(
      `Cannot apply batchNorm: momentum is ${momentum} but a number between 0 and 1 is expected`,
    );
  }
  if (training && rows * sizeOf(pixelAxes) === 1) {
    throw new RangeError(
      `Cannot apply batchNorm: training needs more than one value per channel, ` +
        `but x has shape ${showShape(x.shape)}`,
    );
  }
  const pool = options.pool === "max2x2";
  const { kind } = x.gpu.adapter;
  const width = pixelAxes.at(-1) ?? 1;
  const planes = { height: sizeOf(pixelAxes) / width, width, pool, rows, channels };
  const row = kernelFor(batchNormalization, kind, planes);
  if (!row) return null;
  const { params, units, ranges } = row.plan(planes, x.gpu.adapter);
  const workgroup_size = workgroupSizeFor(kind);
  const planesPerGroup = Math.floor(workgroup_size / Math.min(units, workgroup_size));
  return {
    file: row.file,
    x,
    counts: counts ?? null,
    weight,
    bias,
    channels: emptyTensor(x.gpu, [models, channels, 4]),
    workgroup_size,
    constants: {
      workgroup_size,
      rectify: Number(options.activation === "relu"),
      training: Number(training),
    },
    pool,
    ranges,
    params: { models, rows, channel_count: channels, eps, momentum, ...params },
    workgroups: linearWorkgroups(models * rows * channels, planesPerGroup),
  };
}

function batchStatistics(call: Call, options: BatchNormOptions): void {
  const { x, counts, weight, bias, channels } = call;
  const kept = {
    counts,
    weight,
    bias,
    new_channels: channels,
    running_mean: options.runningMean,
    running_var: options.runningVar,
    batches_tracked: options.numBatchesTracked ?? null,
  };
  // Work: x, and (x − mean)².
  overChannels(call, "statistics", "batch_statistics", { x, counts }, kept);
}

/**
 * Sums over each channel of each model: in one go, or by ranges of rows that are put together.
 *
 * @param what entry points are called behind `partial_` and `merge_`
 * @param whole the entry point that does both
 * @param read what the sums are over
 * @param kept what results go to, and what they need
 */
function overChannels(
  { file, x, workgroup_size, constants, params, ranges }: Call,
  what: "statistics" | "gradients",
  whole: string,
  read: Readonly<Record<string, Tensor | null>>,
  kept: Readonly<Record<string, Tensor | null>>,
): void {
  const { gpu } = x;
  const { channel_count, models } = params;
  const own: Constants = what === "statistics"
    ? { workgroup_size }
    : { workgroup_size, rectify: constants.rectify };
  const work = 4 * x.size;
  if (ranges === 1) {
    const buffers = { ...read, ...kept };
    const workgroups = [channel_count, models] as const;
    gpu.dispatch({ file, entryPoint: whole, constants: own, params, buffers, workgroups, work });
    return;
  }
  using parts = emptyTensor(gpu, [ranges, models, channel_count, 2]);
  gpu.dispatch({
    file,
    entryPoint: `partial_${what}`,
    constants: own,
    params,
    buffers: { ...read, new_parts: parts },
    workgroups: [channel_count, models, ranges],
    work,
  });
  gpu.dispatch({
    file,
    entryPoint: `merge_${what}`,
    constants: { workgroup_size },
    params,
    buffers: { ...kept, parts },
    workgroups: linearWorkgroups(models * channel_count, workgroup_size),
  });
}

function runningStatistics(call: Call, options: BatchNormOptions): void {
  const { file, x, weight, bias, channels, workgroup_size, params } = call;
  x.gpu.dispatch({
    file,
    entryPoint: "running_statistics",
    constants: { workgroup_size },
    params,
    buffers: {
      weight,
      bias,
      new_channels: channels,
      running_mean: options.runningMean,
      running_var: options.runningVar,
    },
    workgroups: linearWorkgroups(channels.size / 4, workgroup_size),
  });
}

/** Gradients of x, weight and bias. */
function gradients(call: Call, upstream: Tensor): (Tensor | null)[] {
  const { x, counts, weight, bias, channels, pool } = call;
  const weightGradient = emptyTensor(weight.gpu, weight.shape);
  const biasGradient = emptyTensor(bias.gpu, bias.shape);
  const upstreams = {
    upstream: pool ? null : upstream,
    pooled_upstream: pool ? upstream : null,
  };
  // Work: upstream, and upstream · (x − mean).
  const kept = { channels, weight_gradient: weightGradient, bias_gradient: biasGradient };
  const read = { x, counts, channels, ...upstreams };
  overChannels(call, "gradients", "parameter_gradients", read, kept);
  const inputGradient = x.requiresGrad
    ? onPlanes("input_gradient", call, {
      ...upstreams,
      weight_sums: weightGradient,
      bias_sums: biasGradient,
    })
    : null;
  return [inputGradient, weightGradient, biasGradient];
}

/** Runs an entry point that writes every element of a tensor like x. */
function onPlanes(
  entryPoint: "normalize" | "input_gradient",
  call: Call,
  buffers: Record<string, Tensor | null>,
): Tensor {
  const { file, x, counts, channels, constants, params, workgroups } = call;
  const output = emptyTensor(x.gpu, x.shape);
  x.gpu.dispatch({
    file,
    entryPoint,
    constants,
    params,
    buffers: { x, counts, channels, ...buffers, output },
    workgroups,
    work: (entryPoint === "normalize" ? 3 : 5) * x.size,
  });
  return output;
}

function normalizedAndPooled(call: Call): Tensor {
  const { file, x, counts, channels, constants, params, workgroups } = call;
  const [S, N, C, H, W] = x.shape;
  const pooled = emptyTensor(x.gpu, [S, N, C, H / 2, W / 2]);
  x.gpu.dispatch({
    file,
    entryPoint: "normalize_and_pool",
    constants,
    params,
    buffers: { x, counts, channels, pooled },
    workgroups,
    work: 3 * x.size,
  });
  return pooled;
}
