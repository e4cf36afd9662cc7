// Which kernel runs for which shape on which kind of adapter, and why: nothing else decides it.

import normSource from "../../kernels/batch_norm.wgsl" with { type: "text" };
import normQuadsSource from "../../kernels/batch_norm_quads.wgsl" with { type: "text" };
import convSource from "../../kernels/conv2d.wgsl" with { type: "text" };
import convQuadsSource from "../../kernels/conv2d_3x3_quads.wgsl" with { type: "text" };
import gradientSource from "../../kernels/conv2d_gradient_weight.wgsl" with { type: "text" };
import gradientQuadsSource from "../../kernels/conv2d_gradient_weight_quads.wgsl" with {
  type: "text",
};
import matmulSource from "../../kernels/matmul.wgsl" with { type: "text" };
import batchNormPlanes from "../../kernels/shared/batch_norm_planes.wgsl" with { type: "text" };
import batchNormRanges from "../../kernels/shared/batch_norm_ranges.wgsl" with { type: "text" };
import invocation from "../../kernels/shared/invocation.wgsl" with { type: "text" };
import nan from "../../kernels/shared/nan.wgsl" with { type: "text" };
import quotient from "../../kernels/shared/quotient.wgsl" with { type: "text" };
import workgroupSum from "../../kernels/shared/workgroup_sum.wgsl" with { type: "text" };
import type { AdapterKind } from "../gpu/adapter.ts";
import { kernelFile } from "../gpu/kernel.ts";
import { type Planes, type PlanesPlan, planPlanes, planQuadPlanes } from "./batch_norm_plan.ts";
import {
  type ConvSizes,
  type Correlation,
  planAny,
  planAnyWeightGradient,
  planQuads,
  planQuadsWeightGradient,
  tiledCorrelation,
  tiledWeightGradient,
} from "./conv2d_plan.ts";
import { planRows, type Product, tiledProduct } from "./matmul_plan.ts";
import type {
  CorrelationOperands,
  EntryRow,
  GradientOperands,
  KernelRow,
  ProductOperands,
} from "./kernel_row.ts";
import {
  type PlannedAdapter,
  planTiles,
  type TiledProduct,
  tilesFile,
  tileVariants,
} from "./tiles.ts";

const conv = kernelFile("conv2d.wgsl", convSource, invocation);
const convQuads = kernelFile("conv2d_3x3_quads.wgsl", convQuadsSource, invocation);
const gradient = kernelFile("conv2d_gradient_weight.wgsl", gradientSource, invocation);
const gradientQuads = kernelFile(
  "conv2d_gradient_weight_quads.wgsl",
  gradientQuadsSource,
  invocation,
);
const matmul = kernelFile("matmul.wgsl", matmulSource, invocation);
const norm = kernelFile(
  "batch_norm.wgsl",
  normSource,
  invocation,
  quotient,
  nan,
  workgroupSum,
  batchNormPlanes,
);
const normQuads = kernelFile(
  "batch_norm_quads.wgsl",
  normQuadsSource,
  invocation,
  quotient,
  nan,
  workgroupSum,
  batchNormPlanes,
  batchNormRanges,
);

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
const inAny =
  "any kernel, stride and padding; tiles take up to twice as long on a software adapter, where " +
  "workgroup memory is no faster than any other, and a second to compile";
const inTiles =
  "any kernel, stride and padding; a card is fast where a workgroup shares what it loads, while " +
  "what the kernels for software adapters keep in private memory would spill";

/** What all rows of `tiles.wgsl` have. */
function inTilesOf<Case>(productOf: (one: Case) => TiledProduct) {
  return {
    file: tilesFile,
    entryPoint: "multiply",
    plan: (one: Case, adapter: PlannedAdapter, variant?: string) =>
      planTiles(productOf(one), adapter, variant),
    variants: (one: Case, adapter: PlannedAdapter) => tileVariants(productOf(one), adapter),
    why: inTiles,
  };
}

/** Forward, and the gradient for the input. */
const convolutionRows: readonly EntryRow<Correlation, CorrelationOperands>[] = [
  {
    adapter: "cpu",
    fits: ({ sizes }) => isSquare3x3(sizes),
    file: convQuads,
    entryPoint: "correlate3x3_squares",
    buffers: (operands) => ({ ...operands }),
    plan: planQuads,
    why: inSquares,
  },
  {
    adapter: "cpu",
    fits: ({ sizes }) => isSame3x3(sizes),
    file: convQuads,
    entryPoint: "correlate3x3_quads",
    wholeQuads: true,
    buffers: (operands) => ({ ...operands }),
    plan: planQuads,
    why: inQuads,
  },
  {
    adapter: "cpu",
    file: conv,
    entryPoint: "correlate",
    buffers: (operands) => ({ ...operands }),
    plan: planAny,
    why: inAny,
  },
  {
    adapter: "gpu",
    buffers: ({ source, weight, bias }) => ({ left: weight, right: source, bias }),
    ...inTilesOf(tiledCorrelation),
  },
];

/** The gradient for the weight. */
const weightGradientRows: readonly EntryRow<ConvSizes, GradientOperands>[] = [
  {
    adapter: "cpu",
    fits: isSquare3x3,
    file: gradientQuads,
    entryPoint: "gradient_squares",
    buffers: (operands) => ({ ...operands }),
    plan: planQuadsWeightGradient,
    why: inSquares,
  },
  {
    adapter: "cpu",
    fits: isSame3x3,
    file: gradientQuads,
    entryPoint: "gradient_quads",
    wholeQuads: true,
    buffers: (operands) => ({ ...operands }),
    plan: planQuadsWeightGradient,
    why: inQuads,
  },
  {
    adapter: "cpu",
    file: gradient,
    entryPoint: "gradient_weight",
    buffers: (operands) => ({ ...operands }),
    plan: planAnyWeightGradient,
    why: inAny,
  },
  {
    adapter: "gpu",
    buffers: ({ x, upstream }) => ({ left: upstream, right: x, bias: null }),
    ...inTilesOf(tiledWeightGradient),
  },
];

/** Products of matrices. */
const productRows: readonly EntryRow<Product, ProductOperands>[] = [
  {
    adapter: "cpu",
    file: matmul,
    entryPoint: "multiply",
    buffers: (operands) => ({ ...operands }),
    plan: planRows,
    why: inAny,
  },
  {
    adapter: "gpu",
    buffers: (operands) => ({ ...operands, bias: null }),
    ...inTilesOf(tiledProduct),
  },
];

/** An operation that has several kernels. */
export interface Operation<Case, Operands> {
  readonly name: string;
  readonly rows: readonly EntryRow<Case, Operands>[];
  /** what its kernel is chosen by: not how many models there are, on which a model's bits do not depend */
  readonly shape: (one: Case) => Readonly<Record<string, unknown>>;
}

function withoutStack({ stack: _, ...shape }: ConvSizes) {
  return shape;
}

export const convolution: Operation<Correlation, CorrelationOperands> = {
  name: "convolution",
  rows: convolutionRows,
  shape: ({ sizes, transposed }) => ({ transposed, ...withoutStack(sizes) }),
};

export const weightGradient: Operation<ConvSizes, GradientOperands> = {
  name: "weight gradient",
  rows: weightGradientRows,
  shape: withoutStack,
};

export const product: Operation<Product, ProductOperands> = {
  name: "product",
  rows: productRows,
  shape: ({ sizes: { matrices: _, ...shape }, leftTransposed, rightTransposed }) => ({
    ...{ leftTransposed, rightTransposed, ...shape },
  }),
};

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

/** What the choice of a kernel was measured with: after a change it has to be measured anew. */
export const kernelSources: readonly string[] = [
  ...new Set(
    [...convolutionRows, ...weightGradientRows, ...productRows].map(({ file }) => file.source),
  ),
];
