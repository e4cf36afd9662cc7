// Batch normalization with ragged batches, optionally with the ReLU and the max pooling that follow it.

import source from "../../kernels/batch_norm.wgsl" with { type: "text" };
import quadsSource from "../../kernels/batch_norm_quads.wgsl" with { type: "text" };
import batchNormPlanes from "../../kernels/shared/batch_norm_planes.wgsl" with { type: "text" };
import invocation from "../../kernels/shared/invocation.wgsl" with { type: "text" };
import quotient from "../../kernels/shared/quotient.wgsl" with { type: "text" };
import workgroupSum from "../../kernels/shared/workgroup_sum.wgsl" with { type: "text" };
import { type KernelFile, kernelFile } from "../gpu/kernel.ts";
import { linearWorkgroups, workgroupSizeFor } from "../gpu/workgroups.ts";
import { record } from "../tensor/autograd.ts";
import { fullTensor } from "../tensor/elementwise.ts";
import { type Shape, showShape, sizeOf } from "../tensor/shape.ts";
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
import { maxPool2d } from "./pool2d.ts";

/** Any shape. */
const anyFile = kernelFile(
  "batch_norm.wgsl",
  source,
  invocation,
  quotient,
  workgroupSum,
  batchNormPlanes,
);
/** Planes whose number of pixels is divisible by 4. */
const quadsFile = kernelFile(
  "batch_norm_quads.wgsl",
  quadsSource,
  invocation,
  quotient,
  workgroupSum,
  batchNormPlanes,
);

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
  readonly counts: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor;
  /** `[S, C, 4]`: mean, 1 / deviation, scale, shift */
  readonly channels: Tensor;
  readonly constants: Readonly<Record<"workgroup_size" | "rectify" | "training", number>>;
  /** 1 with pooling in the kernels */
  readonly pool: number;
  readonly params: Readonly<Record<string, number>>;
  /** places of a plane that lanes share out: pixels or several of them */
  readonly units: number;
}

/**
 * Normalizes each channel of each model, as `torch.nn.functional.batch_norm` (Ioffe and Szegedy 2015).
 * Padded rows (see `counts`) enter no sum; their output and gradient are 0.
 *
 * @param x `[S, N, C, …]`, any number of axes behind C
 * @returns the shape of x; with pooling `[S, N, C, ⌊H/2⌋, ⌊W/2⌋]`
 * @throws {TypeError} for wrong shapes
 * @throws {RangeError} when training with a single value per channel, whose variance is undefined; with pooling, if
 *   an image is smaller than a window
 */
export function batchNorm(x: Tensor, options: BatchNormOptions): Tensor {
  expectOptions("batchNorm", options, known, needed);
  expectSwitches("batchNorm", { training: options.training });
  expectChoice("batchNorm", "activation", options.activation ?? "none", ["none", "relu"]);
  expectChoice("batchNorm", "pool", options.pool ?? "none", ["none", "max2x2"]);
  const { pool = "none", ...unpooled } = options;
  if (pool === "max2x2") {
    expectAxes("batchNorm with pooling", "x", x, 5);
    if (!hasPairs(x.shape)) return maxPool2d(batchNorm(x, unpooled), { kernelSize: 2 });
  }
  const call = checkedCall(x, options);
  if (options.training) batchStatistics(call, options);
  else runningStatistics(call, options);
  const output = call.pool ? normalizedAndPooled(call) : onPlanes("normalize", call, {});
  return record(output, [x, call.weight, call.bias], (upstream) => gradients(call, upstream));
}

/** Whether images are made of pairs of quads one above the other, or are 2×2 pixels. */
function hasPairs([, , , H, W]: Shape): boolean {
  return H % 2 === 0 && W % 4 === 0 || H === 2 && W === 2;
}

function checkedCall(x: Tensor, options: BatchNormOptions): Call {
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
  const sizes = { models, rows, channel_count: channels, eps, momentum };
  return {
    ...planes(pixelAxes, pool, sizes),
    x,
    counts: counts ?? fullTensor(x.gpu, [models], rows, "u32"),
    weight,
    bias,
    channels: emptyTensor(x.gpu, [models, channels, 4]),
    constants: {
      workgroup_size: workgroupSizeFor(x.gpu.adapter.kind),
      rectify: Number(options.activation === "relu"),
      training: Number(training),
    },
    pool: Number(pool),
  };
}

/** The kernels for planes of this shape, and what they are told of it. */
function planes(
  pixelAxes: Shape,
  pool: boolean,
  sizes: Readonly<Record<string, number>>,
): Pick<Call, "file" | "params" | "units"> {
  const pixels = sizeOf(pixelAxes);
  if (pixels % 4 !== 0) return { file: anyFile, params: { ...sizes, pixels }, units: pixels };
  const quads = pixels / 4;
  const row_quads = Math.floor((pixelAxes.at(-1) ?? 1) / 4); // of use with pooling only; 0 for squares
  const units = pool && row_quads > 0 ? quads / 2 : quads;
  return { file: quadsFile, params: { ...sizes, quads, units, row_quads }, units };
}

function batchStatistics(
  { file, x, counts, weight, bias, channels, constants, params }: Call,
  options: BatchNormOptions,
): void {
  const { workgroup_size } = constants;
  x.gpu.dispatch({
    file,
    entryPoint: "batch_statistics",
    constants: { workgroup_size },
    params,
    buffers: {
      x,
      counts,
      weight,
      bias,
      new_channels: channels,
      running_mean: options.runningMean,
      running_var: options.runningVar,
      batches_tracked: options.numBatchesTracked ?? fullTensor(x.gpu, counts.shape, 0),
    },
    workgroups: [params.channel_count, params.models],
    work: 4 * x.size, // x, and (x − mean)²
  });
}

function runningStatistics(
  { x, weight, bias, channels, params }: Call,
  options: BatchNormOptions,
): void {
  const { models, rows, channel_count, eps, momentum } = params;
  x.gpu.dispatch({
    file: anyFile,
    entryPoint: "running_statistics",
    params: { models, rows, channel_count, pixels: 1, eps, momentum },
    buffers: {
      weight,
      bias,
      new_channels: channels,
      running_mean: options.runningMean,
      running_var: options.runningVar,
    },
    workgroups: linearWorkgroups(models * channel_count),
  });
}

/** Gradients of x, weight and bias. */
function gradients(call: Call, upstream: Tensor): (Tensor | null)[] {
  const { file, x, counts, weight, bias, channels, params } = call;
  const { workgroup_size, rectify } = call.constants;
  const weightGradient = emptyTensor(weight.gpu, weight.shape);
  const biasGradient = emptyTensor(bias.gpu, bias.shape);
  x.gpu.dispatch({
    file,
    entryPoint: "parameter_gradients",
    constants: { workgroup_size, rectify, ...ofQuads(call, { pool: call.pool }) },
    params,
    buffers: {
      x,
      counts,
      channels,
      ...upstreams(call, upstream),
      weight_gradient: weightGradient,
      bias_gradient: biasGradient,
    },
    workgroups: [params.channel_count, params.models],
    work: 4 * x.size, // upstream, and upstream · (x − mean)
  });
  const inputGradient = x.requiresGrad
    ? onPlanes("input_gradient", call, {
      ...upstreams(call, upstream),
      weight_sums: weightGradient,
      bias_sums: biasGradient,
    })
    : null;
  return [inputGradient, weightGradient, biasGradient];
}

/** The kernels for quads read one of two kinds; as the other something large enough has to be bound. */
function upstreams(call: Call, upstream: Tensor): Record<string, Tensor> {
  return {
    upstream: call.pool ? call.x : upstream,
    ...ofQuads(call, { pooled_upstream: upstream }),
  };
}

/** What only the kernels for quads take. */
function ofQuads<T extends object>({ file }: Call, settings: T): T | Record<never, never> {
  return file === quadsFile ? settings : {};
}

/** Runs an entry point that writes every element of a tensor like x. */
function onPlanes(
  entryPoint: "normalize" | "input_gradient",
  call: Call,
  buffers: Record<string, Tensor>,
): Tensor {
  const { file, x, counts, channels, constants, pool, params } = call;
  const output = emptyTensor(x.gpu, x.shape);
  x.gpu.dispatch({
    file,
    entryPoint,
    constants: { ...constants, ...ofQuads(call, { pool }) },
    params,
    buffers: { x, counts, channels, ...buffers, output },
    workgroups: planeWorkgroups(call),
    work: (entryPoint === "normalize" ? 3 : 5) * x.size,
  });
  return output;
}

function normalizedAndPooled(call: Call): Tensor {
  const { file, x, counts, channels, constants, pool, params } = call;
  const [S, N, C, H, W] = x.shape;
  const pooled = emptyTensor(x.gpu, [S, N, C, H / 2, W / 2]);
  x.gpu.dispatch({
    file,
    entryPoint: "normalize_and_pool",
    constants: { ...constants, pool },
    params,
    buffers: { x, counts, channels, pooled },
    workgroups: planeWorkgroups(call),
    work: 3 * x.size,
  });
  return pooled;
}

function planeWorkgroups({ constants: { workgroup_size }, params, units }: Call) {
  const planesPerGroup = Math.floor(workgroup_size / Math.min(units, workgroup_size));
  return linearWorkgroups(params.models * params.rows * params.channel_count, planesPerGroup);
}
