// How each kernel divides products of matrices, and what it is told: arithmetic, no GPU.

import { linearWorkgroups, workgroupSizeFor } from "../gpu/workgroups.ts";
import type { PartsPlan, PlannedAdapter, ProductSizes, TiledProduct } from "./tiles.ts";

/** Products of matrices that lie in memory as they are read, or transposed. */
export interface Product {
  readonly sizes: ProductSizes;
  readonly leftTransposed: boolean;
  readonly rightTransposed: boolean;
}

/** Longer sums are split into parts of at most this many terms, which are then added up. */
const maxTermsPerPart = 2048;

/** Rows and columns of one invocation. */
const block = 8;
/** Invocations of a workgroup that share their rows: all eight that a software adapter runs as one vector. */
const tileWidth = 8;

/** Steps from row to row, term to term and column to column. */
function stridesOf({ sizes: { rows, columns, terms }, leftTransposed, rightTransposed }: Product) {
  return {
    left: leftTransposed ? { row: 1, term: rows } : { row: terms, term: 1 },
    right: rightTransposed ? { column: terms, term: 1 } : { column: 1, term: columns },
  };
}

/** `matmul.wgsl`: an invocation owns 8 × 8 elements. */
export function planRows(product: Product, { kind }: PlannedAdapter): PartsPlan {
  const { matrices, rows, columns, terms } = product.sizes;
  const { left, right } = stridesOf(product);
  const termsPerPart = Math.ceil(terms / Math.ceil(terms / maxTermsPerPart));
  const parts = Math.ceil(terms / termsPerPart);
  const workgroup_size = workgroupSizeFor(kind);
  const tileHeight = workgroup_size / tileWidth;
  const tiles = Math.ceil(rows / (block * tileHeight)) * Math.ceil(columns / (block * tileWidth));
  return {
    parts,
    constants: { workgroup_size },
    params: {
      ...{ batch: matrices, rows, columns, terms, parts, terms_per_part: termsPerPart },
      left_row_stride: left.row,
      left_term_stride: left.term,
      right_term_stride: right.term,
      right_column_stride: right.column,
    },
    workgroups: linearWorkgroups(parts * matrices * tiles, 1),
  };
}

/** For `tiles.wgsl`. */
export function tiledProduct(product: Product): TiledProduct {
  const { sizes, rightTransposed } = product;
  const { left, right } = stridesOf(product);
  return {
    sizes,
    fills: false, // its rows are often a batch, on which the bits of a row should not depend
    left: { rowStride: left.row, termStride: left.term },
    right: {
      constants: { right_by_terms: Number(rightTransposed) },
      params: {
        right_start: sizes.columns * sizes.terms,
        right_term_stride: right.term,
        right_column_stride: right.column,
      },
    },
  };
}
