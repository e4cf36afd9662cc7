// Products in tiles: how large they are, into how many parts the sums are split, and what the kernel is told.

import source from "../../kernels/tiles.wgsl" with { type: "text" };
import invocation from "../../kernels/shared/invocation.wgsl" with { type: "text" };
import patches from "../../kernels/shared/patches.wgsl" with { type: "text" };
import tileLoads from "../../kernels/shared/tile_loads.wgsl" with { type: "text" };
import type { AdapterDescription } from "../gpu/adapter.ts";
import { kernelFile } from "../gpu/kernel.ts";
import type { Constants } from "../gpu/pipelines.ts";
import { linearWorkgroups } from "../gpu/workgroups.ts";

export const tilesFile = kernelFile("tiles.wgsl", source, invocation, tileLoads, patches);

/** Products of as many matrices `[rows, terms]` with as many `[terms, columns]`. */
export interface ProductSizes {
  readonly matrices: number;
  readonly rows: number;
  readonly columns: number;
  readonly terms: number;
}

/** Products, and how their matrices lie in memory. */
export interface TiledProduct {
  readonly sizes: ProductSizes;
  readonly left: LeftLayout;
  readonly right: RightMatrix;
  /** columns of an image, which lie together in the output; default all columns lie so */
  readonly plane?: number;
  /** whether sums are split so that there are workgroups enough, or only where they are long; default true */
  readonly fills?: boolean;
}

/** How the left matrix lies in memory: `row · rowStride + ⌊term / group⌋ · groupStride + term % group · termStride`. */
export interface LeftLayout {
  readonly rowStride: number;
  /** default all terms */
  readonly group?: number;
  readonly groupStride?: number;
  /** default 1 */
  readonly termStride?: number;
}

/** What the right matrix is made of, as the kernel is told. */
export interface RightMatrix {
  readonly constants: Constants;
  readonly params: Readonly<Record<string, number>>;
}

/** A dispatch that leaves sums of parts of the terms, `[parts, …]`. */
export interface PartsPlan {
  readonly parts: number;
  readonly constants: Constants;
  readonly params: Readonly<Record<string, number>>;
  readonly workgroups: readonly [number, number];
  /** where the kernel is told its `first_workgroup`, and so can be run by some workgroups at a time: how many there are */
  readonly divisible?: number;
}

/** What plans are made for. */
export type PlannedAdapter = Pick<AdapterDescription, "kind" | "limits" | "unrolls">;

/** A way to divide a product: 8 × 8 of a tile belong to each of y · x invocations, and sums are split into parts. */
interface Tiling {
  readonly y: number;
  readonly x: number;
  readonly parts: number;
}

/** Invocations along the rows and along the columns of a tile. */
const lanes = [[16, 16], [16, 8], [8, 16], [8, 8], [4, 16], [16, 4], [4, 8], [8, 4]] as const;

/** Terms that pass through workgroup memory at a time. */
const depth = 16;
/** Longer sums are split, so that they stay exact to seven digits. */
const mostTerms = 2048;
/** Shorter sums do not pay for the pass that adds them up. */
const fewestTerms = 256;
/** Workgroups that there should be at least: large cards have some 130 processors, and each works on several. */
const wantedWorkgroups = 128;
/** Invocations that one model should have at least, where sums are long enough to be split. */
const wantedInvocations = 8192;
/** Images for which sums are split, where they are no longer than this: so an image gives the same bits in every batch. */
const nominalBatch = 16;
/** What an invocation spends on loading a number, in multiply-adds. */
const loadCost = 16;
/** What a part more costs, in terms: its sums are written and read once more. */
const partCost = 32;

/** Lengths of the arrays in workgroup memory. */
function lengthsOf({ y, x }: Tiling, { constants }: RightMatrix) {
  const [left_lines, right_lines] = [2 * y, 2 * x]; // of 17 vectors each
  return { left_lines, right_lines, place_vectors: constants.sums_pixels ? 3 * right_lines : 1 };
}

/** Bytes of workgroup memory. */
function memoryOf(tiling: Tiling, right: RightMatrix): number {
  const { left_lines, right_lines, place_vectors } = lengthsOf(tiling, right);
  return 16 * ((depth + 1) * (left_lines + right_lines) + place_vectors);
}

function tilesOf({ rows, columns }: ProductSizes, { y, x }: Pick<Tiling, "y" | "x">): number {
  return Math.ceil(rows / (8 * y)) * Math.ceil(columns / (8 * x));
}

/**
 * Into how many parts sums may be split: what the parts take is never more than the largest of a product's tensors, so
 * that they fit where those do.
 */
function mostParts({ sizes, right }: TiledProduct): number {
  const { rows, columns, terms } = sizes;
  const largest = Math.max(rows * terms, right.params.right_start, rows * columns);
  return Math.floor(largest / (rows * columns));
}

/**
 * Into how many parts sums are split by rule, which decides a product's last bits; and into how many they may be. Not by
 * how many matrices there are: a model gives the same bits alone and in a stack.
 */
function partsOf(product: TiledProduct): { readonly rule: number; readonly others: number[] } {
  const { sizes, plane, fills = true } = product;
  const { terms } = sizes;
  const most = mostParts(product);
  const least = Math.min(most, Math.ceil(terms / mostTerms));
  const split = Math.max(least, Math.min(most, Math.floor(terms / fewestTerms)));
  const nominal = plane === undefined ? sizes : { ...sizes, columns: nominalBatch * plane };
  const invocations = Math.min(...lanes.map(([y, x]) => y * x * tilesOf(nominal, { y, x })));
  const wanted = fills ? Math.ceil(wantedInvocations / invocations) : 1;
  const [rule, ...others] = [1, 4, 1 / 4, 0].map((times) =>
    Math.min(split, Math.max(least, Math.round(wanted * times)))
  );
  return { rule, others };
}

/**
 * Every way that the adapter can run, the one that is taken by rule first. Of those with the rule's parts it is the one
 * whose tiles overlap the edges least, need few loads, and are enough to occupy the adapter: tiles change no bits.
 */
function tilingsOf(product: TiledProduct, { limits }: PlannedAdapter): Tiling[] {
  const { sizes, right } = product;
  const { rule, others } = partsOf(product);
  const cost = (tiling: Tiling) => {
    const tiles = tilesOf(sizes, tiling);
    const loads = 128 / tiling.x + 128 / tiling.y; // for 1024 multiply-adds
    const work = tiles * tiling.x * tiling.y * (1 + loadCost * loads / 1024);
    const share = Math.min(1, tiles * sizes.matrices * tiling.parts / wantedWorkgroups);
    return work / share * (1 + partCost * tiling.parts / sizes.terms);
  };
  const tilings = lanes.flatMap(([y, x]) =>
    [...new Set([rule, ...others])].map((parts) => ({ y, x, parts }))
  ).filter((tiling) =>
    memoryOf(tiling, right) <= limits.maxComputeWorkgroupStorageSize &&
    tiling.x * tiling.y <= limits.maxComputeInvocationsPerWorkgroup
  ).sort((a, b) => cost(a) - cost(b));
  const first = tilings.find(({ parts }) => parts === rule)!;
  return [first, ...tilings.filter((tiling) => tiling !== first)];
}

function nameOf({ y, x, parts }: Tiling): string {
  return `${8 * y}x${8 * x}/${parts}`;
}

/** Names of all ways to run a product, such as "64x64/2": rows and columns of a tile, and parts; the rule's first. */
export function tileVariants(product: TiledProduct, adapter: PlannedAdapter): string[] {
  return tilingsOf(product, adapter).map(nameOf);
}

/** @param variant one of `tileVariants()`, default the first */
export function planTiles(
  product: TiledProduct,
  adapter: PlannedAdapter,
  variant?: string,
): PartsPlan {
  const { sizes, left, right, plane = sizes.columns } = product;
  const { terms } = sizes;
  const { rowStride, group = terms, groupStride = 0, termStride = 1 } = left;
  const tilings = tilingsOf(product, adapter);
  const tiling = tilings.find((tiling) => nameOf(tiling) === variant) ?? tilings[0];
  const { y, x } = tiling;
  const termsPerPart = Math.ceil(terms / tiling.parts);
  const parts = Math.ceil(terms / termsPerPart);
  const workgroups = parts * sizes.matrices * tilesOf(sizes, tiling);
  return {
    parts,
    constants: {
      ...{ lanes_x: x, lanes_y: y, workgroup_size: x * y, ...lengthsOf(tiling, right) },
      unrolled: Number(adapter.unrolls),
      left_by_rows: Number(rowStride === 1),
      ...right.constants,
    },
    params: {
      ...{ ...sizes, parts, terms_per_part: termsPerPart, plane },
      left_row_stride: rowStride,
      left_group: group,
      left_group_stride: groupStride,
      left_term_stride: termStride,
      ...noMatrix,
      ...noImages,
      ...right.params,
      first_workgroup: 0,
    },
    workgroups: linearWorkgroups(workgroups, 1),
    divisible: workgroups,
  };
}

/** What is not asked for: the strides of a matrix where there are images, and the other way round. */
const noMatrix = { right_term_stride: 0, right_column_stride: 0 };
const noImages = { channels: 0, height: 0, width: 0, out_height: 0, out_width: 0, padding: 0 };
