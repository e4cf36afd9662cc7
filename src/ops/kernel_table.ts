// Which kernel runs for which shape on which kind of adapter, and why: nothing else decides it.

import normSource from "../../kernels/batch_norm.wgsl" with { type: "text" };
import normQuadsSource from "../../kernels/batch_norm_quads.wgsl" with { type: "text" };
import convSource from "../../kernels/conv2d.wgsl" with { type: "text" };
import convQuadsSource from "../../kernels/conv2d_3x3_quads.wgsl" with { type: "text" };
import gradientSource from "../../kernels/conv2d_gradient_weight.wgsl" with { type: "text" };
import gradientQuadsSource from "../../kernels/conv2d_gradient_weight_quads.wgsl" with {
  type: "text",
};
import batchNormPlanes from "../../kernels/shared/batch_norm_planes.wgsl" with { type: "text" };
import invocation from "../../kernels/shared/invocation.wgsl" with { type: "text" };
import quotient from "../../kernels/shared/quotient.wgsl" with { type: "text" };
import workgroupSum from "../../kernels/shared/workgroup_sum.wgsl" with { type: "text" };
import type { AdapterKind } from "../gpu/adapter.ts";
import { type KernelFile, kernelFile } from "../gpu/kernel.ts";
import { type Planes, type PlanesPlan, planPlanes, planQuadPlanes } from "./batch_norm_plan.ts";
import {
  type ConvPlan,
  type ConvSizes,
  type Correlation,
  type PartialPlan,
  planAny,
  planAnyWeightGradient,
  planQuads,
  planQuadsWeightGradient,
} from "./conv2d_plan.ts";

const conv = kernelFile("conv2d.wgsl", convSource, invocation);
const convQuads = kernelFile("conv2d_3x3_quads.wgsl", convQuadsSource, invocation);
const gradient = kernelFile("conv2d_gradient_weight.wgsl", gradientSource, invocation);
const gradientQuads = kernelFile(
  "conv2d_gradient_weight_quads.wgsl",
  gradientQuadsSource,
  invocation,
);
const norm = kernelFile(
  "batch_norm.wgsl",
  normSource,
  invocation,
  quotient,
  workgroupSum,
  batchNormPlanes,
);
const normQuads = kernelFile(
  "batch_norm_quads.wgsl",
  normQuadsSource,
  invocation,
  quotient,
  workgroupSum,
  batchNormPlanes,
);

/** One row: it is taken if none before it fits. */
export interface KernelRow<Case, Plan> {
  readonly adapter: AdapterKind | "any";
  /** what it does; by default everything */
  readonly fits?: (one: Case) => boolean;
  readonly file: KernelFile;
  /** what it is told, and the workgroups */
  readonly plan: (one: Case, kind: AdapterKind) => Plan;
  readonly why: string;
}

/** A row of a file that has one entry point for a shape. */
export interface EntryRow<Case, Plan> extends KernelRow<Case, Plan> {
  readonly entryPoint: string;
  /** whether rows of pixels have to be filled up to a multiple of 4 */
  readonly wholeQuads?: boolean;
}

/** 3×3 kernels whose output has the size of the input. */
const isSame3x3 = ({ kernel_height, kernel_width, stride, padding }: ConvSizes) =>
  kernel_height === 3 && kernel_width === 3 && stride === 1 && padding === 1;

/** Images that are one quad of pixels themselves. */
const isSquare3x3 = (sizes: ConvSizes) =>
  isSame3x3(sizes) && sizes.in_height === 2 && sizes.in_width === 2;

/** Quads of pixels; and where 2×2 of them are pooled, pairs of quads above each other, or images of one window. */
const hasQuads = ({ height, width, pool }: Planes) =>
  pool
    ? height % 2 === 0 && width % 4 === 0 || height === 2 && width === 2
    : height * width % 4 === 0;

const inSquares = "of the nine taps, every pixel of such an image meets four";
const inQuads =
  "loads limit the speed, and four pixels are loaded in less time as a vector; to fill up " +
  "rows costs less than other kernels would";
const forCards =
  "what the kernels for software adapters keep in private memory would spill on a card";

/** Forward, and the gradient for the input. */
export const convolution: readonly EntryRow<Correlation, ConvPlan>[] = [
  {
    adapter: "cpu",
    fits: ({ sizes }) => isSquare3x3(sizes),
    file: convQuads,
    entryPoint: "correlate3x3_squares",
    plan: planQuads,
    why: inSquares,
  },
  {
    adapter: "cpu",
    fits: ({ sizes }) => isSame3x3(sizes),
    file: convQuads,
    entryPoint: "correlate3x3_quads",
    wholeQuads: true,
    plan: planQuads,
    why: inQuads,
  },
  { adapter: "any", file: conv, entryPoint: "correlate", plan: planAny, why: forCards },
];

/** The gradient for the weight. */
export const weightGradient: readonly EntryRow<ConvSizes, PartialPlan>[] = [
  {
    adapter: "cpu",
    fits: isSquare3x3,
    file: gradientQuads,
    entryPoint: "gradient_squares",
    plan: planQuadsWeightGradient,
    why: inSquares,
  },
  {
    adapter: "cpu",
    fits: isSame3x3,
    file: gradientQuads,
    entryPoint: "gradient_quads",
    wholeQuads: true,
    plan: planQuadsWeightGradient,
    why: inQuads,
  },
  {
    adapter: "any",
    file: gradient,
    entryPoint: "gradient_weight",
    plan: planAnyWeightGradient,
    why: forCards,
  },
];

/** Batch normalization, with pooling in the same kernels where a row fits and else by `maxPool2d`. */
export const batchNormalization: readonly KernelRow<Planes, PlanesPlan>[] = [
  {
    adapter: "any",
    fits: hasQuads,
    file: normQuads,
    plan: planQuadPlanes,
    why: "four pixels are loaded in less time as a vector, and pooling costs no passes of its own",
  },
  {
    adapter: "any",
    fits: ({ pool }) => !pool,
    file: norm,
    plan: planPlanes,
    why: "any number of pixels, such as the one of a linear layer's outputs",
  },
];

/** The first row that fits, if any does. */
export function kernelFor<Row extends KernelRow<Case, unknown>, Case>(
  table: readonly Row[],
  kind: AdapterKind,
  one: Case,
): Row | undefined {
  return table.find(({ adapter, fits }) =>
    (adapter === "any" || adapter === kind) && (fits?.(one) ?? true)
  );
}
