// With how many invocations each convolution kernel runs, and what it is told: arithmetic, no GPU.

import type { AdapterKind } from "../gpu/adapter.ts";
import type { Constants } from "../gpu/pipelines.ts";
import { linearWorkgroups, workgroupSizeFor } from "../gpu/workgroups.ts";
import type { PartsPlan, PlannedAdapter, RightMatrix, TiledProduct } from "./tiles.ts";

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

/** Operations of the direct sum, and of either of its gradients: a multiply-add is two. */
export function workOf(sizes: ConvSizes): number {
  const { stack, batch, out_channels, out_height, out_width } = sizes;
  const outputs = stack * batch * out_channels * out_height * out_width;
  return 2 * outputs * sizes.in_channels * sizes.kernel_height * sizes.kernel_width;
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
export function planAny(correlation: Correlation, { kind }: PlannedAdapter): PartsPlan {
  const { sizes, transposed } = correlation;
  const { stack, batch, out_channels, out_height, out_width } = sizes;
  const workgroup_size = workgroupSizeFor(kind);
  const invocations = stack * batch * Math.ceil(out_channels / 8) * out_height *
    Math.ceil(out_width / 4);
  return {
    parts: 1,
    constants: { workgroup_size, transposed: Number(transposed) },
    params: { ...sizes, ...weightStrides(correlation) },
    workgroups: linearWorkgroups(invocations, workgroup_size),
  };
}

/** What `tiles.wgsl` makes patches of: the images, and the window that passes over them. */
function patchesOf(sizes: ConvSizes, constants: Constants): RightMatrix {
  const { batch, in_channels, in_height, in_width, out_height, out_width, padding } = sizes;
  const { kernel_height, kernel_width, stride } = sizes;
  return {
    constants: { is_convolution: 1, kernel_height, kernel_width, stride, ...constants },
    params: {
      right_start: batch * in_channels * in_height * in_width,
      ...{ channels: in_channels, height: in_height, width: in_width },
      ...{ out_height, out_width, padding },
    },
  };
}

/** For `tiles.wgsl`: the weight times patches. */
export function tiledCorrelation(correlation: Correlation): TiledProduct {
  const { sizes, transposed } = correlation;
  const { stack, batch, in_channels, out_channels, out_height, out_width } = sizes;
  const taps = sizes.kernel_height * sizes.kernel_width;
  const { weight_in_stride, weight_out_stride } = weightStrides(correlation);
  const plane = out_height * out_width;
  return {
    sizes: {
      ...{ matrices: stack, rows: out_channels, columns: batch * plane },
      terms: in_channels * taps,
    },
    left: { rowStride: weight_out_stride, group: taps, groupStride: weight_in_stride },
    right: patchesOf(sizes, { transposed: Number(transposed) }),
    plane,
  };
}

/** For `tiles.wgsl`: the gradient that came back times patches, summed over all pixels. */
export function tiledWeightGradient(sizes: ConvSizes): TiledProduct {
  const { stack, batch, in_channels, out_channels, out_height, out_width } = sizes;
  const taps = sizes.kernel_height * sizes.kernel_width;
  const plane = out_height * out_width;
  return {
    sizes: {
      ...{ matrices: stack, rows: out_channels, columns: in_channels * taps },
      terms: batch * plane,
    },
    left: { rowStride: plane, group: plane, groupStride: out_channels * plane },
    right: patchesOf(sizes, { sums_pixels: 1, right_by_terms: 1 }),
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
export function planQuads(correlation: Correlation, { kind }: PlannedAdapter): PartsPlan {
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
    parts: 1,
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
export function planAnyWeightGradient(
  sizes: ConvSizes,
  { kind }: PlannedAdapter,
): PartsPlan {
  const { stack, batch, in_channels, out_channels, out_height, out_width } = sizes;
  const taps = in_channels * sizes.kernel_height * sizes.kernel_width;
  const blocks = Math.ceil(out_channels / 4) * Math.ceil(taps / 4);
  const rows = batch * out_height;
  const pixels = rows * out_width;
  const most = Math.max(1, Math.min(maxRanges, rows, Math.floor(pixels / 64)));
  const ranges = Math.min(Math.ceil(wantedRanges(pixels, blocks, kind)), most);
  const workgroup_size = workgroupSizeFor(kind);
  return {
    parts: ranges,
    constants: { workgroup_size },
    params: { ...sizes, ranges },
    workgroups: linearWorkgroups(stack * ranges * blocks, workgroup_size),
  };
}

/**
 * `conv2d_gradient_weight_quads.wgsl`. Where a block needs several sums anyway, neighbouring lanes make them of
 * neighbouring columns.
 */
export function planQuadsWeightGradient(
  sizes: ConvSizes,
  { kind }: PlannedAdapter,
): PartsPlan {
  const { stack, batch, in_channels, out_channels, in_height: height } = sizes;
  const { quads, block } = quadsOf(sizes);
  const blocks = Math.ceil(out_channels / block) * Math.ceil(in_channels / 4);
  const wanted = wantedRanges(batch * height * sizes.in_width, blocks, kind);
  const column_lanes = powerOfTwo(Math.min(wanted, 4, batch * quads));
  const ranges = column_lanes * Math.min(
    Math.ceil(wanted / column_lanes),
    maxRanges / column_lanes,
    Math.ceil(batch * quads / column_lanes),
  );
  const workgroup_size = workgroupSizeFor(kind);
  return {
    parts: ranges,
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
