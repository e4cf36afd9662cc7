// Which convolution kernels run for a shape, and with how many invocations: arithmetic, no GPU.

import { type AdapterDescription } from "../gpu/adapter.ts";
import type { Constants } from "../gpu/pipelines.ts";
import { linearWorkgroups, workgroupSizeFor } from "../gpu/workgroups.ts";

/** Sizes of one convolution. */
export interface ConvShape {
  readonly stack: number;
  readonly batch: number;
  readonly inChannels: number;
  readonly height: number;
  readonly width: number;
  readonly outChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly stride: number;
  readonly padding: number;
}

/** One dispatch, but for its buffers. */
export interface ConvDispatch {
  readonly kernel:
    | "conv2d.wgsl"
    | "conv2d_3x3.wgsl"
    | "conv2d_3x3_quads.wgsl"
    | "conv2d_gradient_weight.wgsl"
    | "conv2d_gradient_weight_quads.wgsl";
  readonly entryPoint: string;
  readonly constants: Constants;
  readonly params: Readonly<Record<string, number>>;
  readonly workgroups: readonly [number, number];
}

/** A reduction over pixels: parts are summed first and, if there are several, then added up. */
export interface ConvReduction {
  readonly partial: ConvDispatch;
  /** parts per model */
  readonly ranges: number;
  /** null with a single part */
  readonly total: ConvDispatch | null;
}

/** Ranges of a sum or of the pixels: enough to occupy any adapter. */
const maxRanges = 4096;

/** "cpu": a software adapter, where a load is as dear as twenty multiply-adds; "gpu": any other. */
export type Profile = AdapterDescription["kind"];

/** The forward pass. */
export function planForward(conv: ConvShape, hasBias: boolean, profile: Profile): ConvDispatch {
  const taps = conv.kernelHeight * conv.kernelWidth;
  const strides = { weight_in_stride: taps, weight_out_stride: conv.inChannels * taps };
  const params = { ...sizesOf(conv), ...strides };
  return planCorrelation(params, { transposed: false, hasBias, profile });
}

/** The gradient for the input: the same correlation with input and output exchanged. */
export function planInputGradient(conv: ConvShape, profile: Profile): ConvDispatch {
  const taps = conv.kernelHeight * conv.kernelWidth;
  const exchanged = {
    ...conv,
    inChannels: conv.outChannels,
    height: conv.outHeight,
    width: conv.outWidth,
    outChannels: conv.inChannels,
    outHeight: conv.height,
    outWidth: conv.width,
  };
  const strides = { weight_in_stride: conv.inChannels * taps, weight_out_stride: taps };
  const params = { ...sizesOf(exchanged), ...strides };
  return planCorrelation(params, { transposed: true, hasBias: false, profile });
}

/** The gradient for the weight, `[S, O, C, kh, kw]`. */
export function planWeightGradient(conv: ConvShape, profile: Profile): ConvReduction {
  const taps = conv.kernelHeight * conv.kernelWidth;
  const sizes = sizesOf(conv);
  const fast = profile === "cpu" && isSame3x3(sizes);
  if (fast && hasQuads(sizes)) return planWeightGradientQuads(conv);
  const inputBlocks = Math.ceil(fast ? conv.inChannels / 4 : conv.inChannels * taps / 4);
  const blocks = Math.ceil(conv.outChannels / 4) * inputBlocks;
  const pixels = conv.batch * conv.outHeight * conv.outWidth;
  // What can be divided: strips of two pixels' width, or rows.
  const units = conv.batch * (fast ? Math.ceil(conv.width / 2) : conv.outHeight);
  const wanted = wantedRanges(pixels, blocks, profile);
  const most = Math.max(1, Math.min(maxRanges, units, Math.floor(pixels / 64)));
  const ranges = Math.min(Math.ceil(wanted), most);
  const entryPoint = fast ? "gradient_weight3x3" : "gradient_weight";
  const elements = conv.outChannels * conv.inChannels * taps;
  return planReduction(conv, { entryPoint, blocks, ranges, elements }, profile);
}

/** At most 4096 terms in one sum, and enough invocations for one model to occupy the adapter. */
function wantedRanges(pixels: number, blocks: number, profile: Profile): number {
  return Math.max(pixels / 4096, (profile === "cpu" ? 64 : 4096) / blocks);
}

/** Where a block needs several sums anyway, neighbouring lanes make them of neighbouring columns. */
function planWeightGradientQuads(conv: ConvShape): ConvReduction {
  const { stack, batch, inChannels, outChannels, height } = conv;
  const sizes = sizesOf(conv);
  const { quads, block } = quadsOf(sizes);
  const blocks = Math.ceil(outChannels / block) * Math.ceil(inChannels / 4);
  const wanted = wantedRanges(batch * height * conv.width, blocks, "cpu");
  const column_lanes = powerOfTwo(Math.min(wanted, 4, batch * quads));
  const parts = Math.min(
    Math.ceil(wanted / column_lanes),
    maxRanges / column_lanes,
    Math.ceil(batch * quads / column_lanes),
  );
  const ranges = parts * column_lanes;
  const elements = outChannels * inChannels * 9;
  const workgroup_size = workgroupSizeFor("cpu");
  const partial: ConvDispatch = {
    kernel: "conv2d_gradient_weight_quads.wgsl",
    entryPoint: isSquare(sizes) ? "gradient_squares" : "gradient_quads",
    constants: { workgroup_size },
    params: {
      ...{ stack, batch, in_channels: inChannels, out_channels: outChannels, height },
      ...{ quads, column_lanes, ranges, block },
    },
    workgroups: linearWorkgroups(stack * ranges * blocks, workgroup_size),
  };
  return { partial, ranges, total: planTotal(conv, ranges, elements, "cpu") };
}

/** The gradient for the bias, `[S, O]`. */
export function planBiasGradient(conv: ConvShape, profile: Profile): ConvReduction {
  const elements = conv.outChannels;
  const reduction = { entryPoint: "gradient_bias", blocks: elements, ranges: conv.batch, elements };
  return planReduction(conv, reduction, profile);
}

/** The sizes under the names that the kernels give them. */
type Sizes = ReturnType<typeof sizesOf>;

function sizesOf(conv: ConvShape) {
  return {
    stack: conv.stack,
    batch: conv.batch,
    in_channels: conv.inChannels,
    in_height: conv.height,
    in_width: conv.width,
    out_channels: conv.outChannels,
    out_height: conv.outHeight,
    out_width: conv.outWidth,
    kernel_height: conv.kernelHeight,
    kernel_width: conv.kernelWidth,
    stride: conv.stride,
    padding: conv.padding,
  };
}

/** A correlation, with the steps from channel to channel in the weight. */
type CorrelationParams = Sizes & { weight_in_stride: number; weight_out_stride: number };

/** 3×3 kernels whose output has the size of the input. */
function isSame3x3({ kernel_height, kernel_width, stride, padding }: Sizes): boolean {
  return kernel_height === 3 && kernel_width === 3 && stride === 1 && padding === 1;
}

function planCorrelation(
  params: CorrelationParams,
  options: { transposed: boolean; hasBias: boolean; profile: Profile },
): ConvDispatch {
  const { transposed, hasBias, profile } = options;
  if (profile === "cpu" && isSame3x3(params)) {
    const plan = hasQuads(params) ? planQuads3x3 : planSame3x3;
    return plan(params, transposed, hasBias);
  }
  const { stack, batch, out_channels, out_height, out_width } = params;
  const workgroup_size = workgroupSizeFor(profile);
  const invocations = stack * batch * Math.ceil(out_channels / 8) * out_height *
    Math.ceil(out_width / 4);
  return {
    kernel: "conv2d.wgsl",
    entryPoint: "correlate",
    constants: { workgroup_size, has_bias: Number(hasBias), transposed: Number(transposed) },
    params,
    workgroups: linearWorkgroups(invocations, workgroup_size),
  };
}

/** What both kernels for 3×3 are told. */
function settings3x3(params: CorrelationParams, transposed: boolean, hasBias: boolean) {
  const { stack, batch, in_channels, out_channels, in_height: height } = params;
  const { weight_in_stride, weight_out_stride } = params;
  return {
    constants: { workgroup_size: workgroupSizeFor("cpu"), has_bias: Number(hasBias) },
    params: {
      ...{ stack, batch, in_channels, out_channels, height },
      ...{ weight_in_stride, weight_out_stride, flip: Number(transposed) },
    },
  };
}

/**
 * Ranges of pixel columns of at least 512 pixels, so that copying the taps stays below a tenth of the work;
 * smaller only where one model would not fill two workgroups. The result does not depend on their number.
 */
function planSame3x3(
  sizes: CorrelationParams,
  transposed: boolean,
  hasBias: boolean,
): ConvDispatch {
  const { constants, params } = settings3x3(sizes, transposed, hasBias);
  const { stack, batch, out_channels, in_height: height, in_width: width } = sizes;
  const blocks = Math.ceil(out_channels / 8);
  const columns = batch * width;
  const pixels = columns * height;
  const wanted = Math.max(Math.floor(pixels / 512), Math.ceil(16 / blocks));
  const most = Math.min(maxRanges, columns, Math.max(1, Math.floor(pixels / 32)));
  const ranges = Math.min(wanted, most);
  return {
    kernel: "conv2d_3x3.wgsl",
    entryPoint: "correlate3x3",
    constants,
    params: { ...params, width, ranges },
    workgroups: linearWorkgroups(stack * ranges * blocks, constants.workgroup_size),
  };
}

/** Images of 2×2 pixels, each of them one quad. */
function isSquare({ in_height, in_width }: Sizes): boolean {
  return in_height === 2 && in_width === 2;
}

/** Images that are made of four pixels at a time. */
function hasQuads(sizes: Sizes): boolean {
  return sizes.in_width % 4 === 0 || isSquare(sizes);
}

/** Quads of a row, and the output channels that an invocation owns. */
function quadsOf(sizes: Sizes): { quads: number; block: number } {
  return isSquare(sizes) ? { quads: 1, block: 4 } : { quads: sizes.in_width / 4, block: 8 };
}

/**
 * Lanes take blocks of output channels as long as each has 512 pixels of a model, so that copying the taps stays
 * below a tenth of the work; beyond that, and where there are fewer blocks, they share the columns of a block.
 */
function planQuads3x3(
  sizes: CorrelationParams,
  transposed: boolean,
  hasBias: boolean,
): ConvDispatch {
  const { constants, params } = settings3x3(sizes, transposed, hasBias);
  const { workgroup_size } = constants;
  const { stack, batch, out_channels, in_height: height, in_width: width } = sizes;
  const { quads, block } = quadsOf(sizes);
  const blocks = Math.ceil(out_channels / block);
  const pixels = batch * height * width;
  const idle = Math.ceil(workgroup_size / blocks);
  const column_lanes = powerOfTwo(
    Math.min(workgroup_size, Math.max(idle, Math.min(pixels / 2048, 4))),
  );
  const block_groups = Math.ceil(blocks * column_lanes / workgroup_size);
  const wanted = Math.max(pixels / (512 * column_lanes), 2 / block_groups);
  const most = Math.min(maxRanges, Math.ceil(batch * quads / column_lanes));
  const ranges = Math.min(Math.ceil(wanted), most);
  return {
    kernel: "conv2d_3x3_quads.wgsl",
    entryPoint: isSquare(sizes) ? "correlate3x3_squares" : "correlate3x3_quads",
    constants,
    params: { ...params, quads, column_lanes, ranges, block },
    workgroups: linearWorkgroups(stack * ranges * block_groups, 1),
  };
}

/** The largest one that is not above a number of at least 1. */
function powerOfTwo(number: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(1, number)));
}

function planReduction(
  conv: ConvShape,
  reduction: { entryPoint: string; blocks: number; ranges: number; elements: number },
  profile: Profile,
): ConvReduction {
  const { entryPoint, blocks, ranges, elements } = reduction;
  const workgroup_size = workgroupSizeFor(profile);
  const partial: ConvDispatch = {
    kernel: "conv2d_gradient_weight.wgsl",
    entryPoint,
    constants: { workgroup_size },
    params: { ...sizesOf(conv), ranges, elements },
    workgroups: linearWorkgroups(conv.stack * ranges * blocks, workgroup_size),
  };
  return { partial, ranges, total: planTotal(conv, ranges, elements, profile) };
}

/** Adds up the partial sums, if there are several. */
function planTotal(
  conv: ConvShape,
  ranges: number,
  elements: number,
  profile: Profile,
): ConvDispatch | null {
  if (ranges === 1) return null;
  const workgroup_size = workgroupSizeFor(profile);
  return {
    kernel: "conv2d_gradient_weight.wgsl",
    entryPoint: "add_ranges",
    constants: { workgroup_size },
    params: { ...sizesOf(conv), ranges, elements },
    workgroups: linearWorkgroups(conv.stack * elements, workgroup_size),
  };
}
