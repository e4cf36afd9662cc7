// With how many invocations each convolution kernel runs, and what it is told: arithmetic, no GPU.

import type { AdapterKind } from "../gpu/adapter.ts";
import type { Constants } from "../gpu/pipelines.ts";
import { linearWorkgroups, workgroupSizeFor } from "../gpu/workgroups.ts";

/** Sizes of one convolution, by the names that the kernels give them. */
export interface ConvSizes {
  readonly stack: number;
  readonly batch: number;
  readonly in_channels: number;
  readonly in_height: number;
  readonly in_width: number;
  readonly out_channels: number;
  readonly out_height: number;
  readonly out_width: number;
  readonly kernel_height: number;
  readonly kernel_width: number;
  readonly stride: number;
  readonly padding: number;
}

/** Forward, or transposed the gradient for the input: the same sum with input and output exchanged. */
export interface Correlation {
  readonly sizes: ConvSizes;
  readonly transposed: boolean;
}

/** One dispatch, but for its buffers. */
export interface ConvPlan {
  readonly constants: Constants;
  readonly params: Readonly<Record<string, number>>;
  readonly workgroups: readonly [number, number];
}

/** A dispatch that leaves sums of parts of the pixels. */
export interface PartialPlan extends ConvPlan {
  /** sums for each element of a model */
  readonly ranges: number;
}

/** Ranges of a sum or of the pixels: enough to occupy any adapter. */
const maxRanges = 4096;

/** Steps from channel to channel in the weight `[O, C, kh, kw]`, whose O are the inputs if transposed. */
function weightStrides({ sizes, transposed }: Correlation) {
  const taps = sizes.kernel_height * sizes.kernel_width;
  return transposed
    ? { weight_in_stride: sizes.out_channels * taps, weight_out_stride: taps }
    : { weight_in_stride: taps, weight_out_stride: sizes.in_channels * taps };
}

/** `conv2d.wgsl`: an invocation owns eight channels of four pixels. */
export function planAny(correlation: Correlation, kind: AdapterKind): ConvPlan {
  const { sizes, transposed } = correlation;
  const { stack, batch, out_channels, out_height, out_width } = sizes;
  const workgroup_size = workgroupSizeFor(kind);
  const invocations = stack * batch * Math.ceil(out_channels / 8) * out_height *
    Math.ceil(out_width / 4);
  return {
    constants: { workgroup_size, transposed: Number(transposed) },
    params: { ...sizes, ...weightStrides(correlation) },
    workgroups: linearWorkgroups(invocations, workgroup_size),
  };
}

/** Quads of a row, and the output channels that an invocation owns; an image of 2×2 pixels is one quad. */
function quadsOf({ in_height, in_width }: ConvSizes): { quads: number; block: number } {
  return in_height === 2 && in_width === 2
    ? { quads: 1, block: 4 }
    : { quads: in_width / 4, block: 8 };
}

/**
 * `conv2d_3x3_quads.wgsl`. Lanes take blocks of output channels as long as each has 512 pixels of a model, so that
 * copying the taps stays below a tenth of the work; beyond that, and where there are fewer blocks, they share the
 * columns of a block.
 */
export function planQuads(correlation: Correlation, kind: AdapterKind): ConvPlan {
  const { sizes, transposed } = correlation;
  const { stack, batch, in_channels, out_channels, in_height: height } = sizes;
  const workgroup_size = workgroupSizeFor(kind);
  const { quads, block } = quadsOf(sizes);
  const blocks = Math.ceil(out_channels / block);
  const pixels = batch * height * sizes.in_width;
  const idle = Math.ceil(workgroup_size / blocks);
  const column_lanes = powerOfTwo(
    Math.min(workgroup_size, Math.max(idle, Math.min(pixels / 2048, 4))),
  );
  const block_groups = Math.ceil(blocks * column_lanes / workgroup_size);
  const wanted = Math.max(pixels / (512 * column_lanes), 2 / block_groups);
  const most = Math.min(maxRanges, Math.ceil(batch * quads / column_lanes));
  const ranges = Math.min(Math.ceil(wanted), most);
  return {
    constants: { workgroup_size },
    params: {
      ...{ stack, batch, in_channels, out_channels, height, quads },
      ...weightStrides(correlation),
      ...{ flip: Number(transposed), column_lanes, ranges, block },
    },
    workgroups: linearWorkgroups(stack * ranges * block_groups, 1),
  };
}

/** `conv2d_gradient_weight.wgsl`: an invocation owns four taps of four output channels, and a range of rows. */
export function planAnyWeightGradient(sizes: ConvSizes, kind: AdapterKind): PartialPlan {
  const { stack, batch, in_channels, out_channels, out_height, out_width } = sizes;
  const taps = in_channels * sizes.kernel_height * sizes.kernel_width;
  const blocks = Math.ceil(out_channels / 4) * Math.ceil(taps / 4);
  const rows = batch * out_height;
  const pixels = rows * out_width;
  const most = Math.max(1, Math.min(maxRanges, rows, Math.floor(pixels / 64)));
  const ranges = Math.min(Math.ceil(wantedRanges(pixels, blocks, kind)), most);
  const workgroup_size = workgroupSizeFor(kind);
  return {
    ranges,
    constants: { workgroup_size },
    params: { ...sizes, ranges },
    workgroups: linearWorkgroups(stack * ranges * blocks, workgroup_size),
  };
}

/**
 * `conv2d_gradient_weight_quads.wgsl`. Where a block needs several sums anyway, neighbouring lanes make them of
 * neighbouring columns.
 */
export function planQuadsWeightGradient(sizes: ConvSizes, kind: AdapterKind): PartialPlan {
  const { stack, batch, in_channels, out_channels, in_height: height } = sizes;
  const { quads, block } = quadsOf(sizes);
  const blocks = Math.ceil(out_channels / block) * Math.ceil(in_channels / 4);
  const wanted = wantedRanges(batch * height * sizes.in_width, blocks, kind);
  const column_lanes = powerOfTwo(Math.min(wanted, 4, batch * quads));
  const parts = Math.min(
    Math.ceil(wanted / column_lanes),
    maxRanges / column_lanes,
    Math.ceil(batch * quads / column_lanes),
  );
  const ranges = parts * column_lanes;
  const workgroup_size = workgroupSizeFor(kind);
  return {
    ranges,
    constants: { workgroup_size },
    params: {
      ...{ stack, batch, in_channels, out_channels, height },
      ...{ quads, column_lanes, ranges, block },
    },
    workgroups: linearWorkgroups(stack * ranges * blocks, workgroup_size),
  };
}

/** At most 4096 terms in one sum, and enough invocations for one model to occupy the adapter. */
function wantedRanges(pixels: number, blocks: number, kind: AdapterKind): number {
  return Math.max(pixels / 4096, (kind === "cpu" ? 64 : 4096) / blocks);
}

/** The largest one that is not above a number of at least 1. */
function powerOfTwo(number: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(1, number)));
}
