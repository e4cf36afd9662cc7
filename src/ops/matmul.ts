// The product of matrices.

import source from "../../kernels/matmul.wgsl" with { type: "text" };
import invocation from "../../kernels/shared/invocation.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import { linearWorkgroups, workgroupSizeFor } from "../gpu/workgroups.ts";
import { record } from "../tensor/autograd.ts";
import { broadcastShape, showShape, sizeOf } from "../tensor/shape.ts";
import { sumOver } from "../tensor/sum.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import { repeated } from "./broadcast.ts";
import { expectFloats, expectNoMore, expectOneGpu, expectStackAligned } from "../tensor/checks.ts";

const file = kernelFile("matmul.wgsl", source, invocation);

/** Longer sums are split into parts of at most this many terms, which are then added up. */
const maxTermsPerPart = 2048;

/** Rows and columns of one invocation. */
const block = 8;
/** Invocations of a workgroup that share their rows: all eight that a software adapter runs as one vector. */
const tileWidth = 8;

/** Matrices `[…, rows, columns]` in memory, to be read as they are or transposed. */
interface Operand {
  readonly tensor: Tensor;
  /** default false */
  readonly transposed?: boolean;
}

/**
 * left · right, as `torch.matmul`, f32.
 *
 * @param left `[…, M, K]`
 * @param right `[…, K, N]`; the axes in front, such as the stack, are equal or broadcast as in `add` (by a copy)
 * @returns `[…, M, N]`
 * @throws {TypeError} for fewer than two axes, as vectors have, or shapes that do not fit together
 */
export function matmul(left: Tensor, right: Tensor): Tensor {
  expectNoMore("matmul", arguments, 2);
  const [a, b] = expectMatrices(left, right);
  const output = productOf({ tensor: a }, { tensor: b });
  return record(output, [a, b], (upstream) => [
    a.requiresGrad ? productOf({ tensor: upstream }, { tensor: b, transposed: true }) : null,
    b.requiresGrad ? productOf({ tensor: a, transposed: true }, { tensor: upstream }) : null,
  ]);
}

/** Both operands with the batch axes of the result. */
function expectMatrices(left: Tensor, right: Tensor): [Tensor, Tensor] {
  expectFloats("matmul", "left", left);
  expectFloats("matmul", "right", right);
  expectOneGpu("matmul", { left, right });
  const shapes = `left ${showShape(left.shape)}, right ${showShape(right.shape)}`;
  if (left.shape.length < 2 || right.shape.length < 2) {
    throw new TypeError(`Cannot apply matmul: both need at least two axes (${shapes})`);
  }
  const [rows, terms] = left.shape.slice(-2);
  const [expected, columns] = right.shape.slice(-2);
  if (terms !== expected) {
    throw new TypeError(
      `Cannot apply matmul: left has ${terms} columns but right has ${expected} rows (${shapes})`,
    );
  }
  const batch = broadcastShape(left.shape.slice(0, -2), right.shape.slice(0, -2));
  if (!batch) {
    throw new TypeError(
      `Cannot apply matmul: the axes in front of the matrices do not broadcast (${shapes})`,
    );
  }
  const [leftBatch, rightBatch] = [left, right].map(({ shape }) => shape.slice(0, -2));
  expectStackAligned("matmul", { name: "left", shape: leftBatch }, {
    name: "right",
    shape: rightBatch,
  });
  return [
    repeated(left, [...batch, rows, terms]),
    repeated(right, [...batch, terms, columns]),
  ];
}

/** The product of operands whose batch axes are the same, without the tape. */
export function productOf(left: Operand, right: Operand): Tensor {
  const { gpu } = left.tensor;
  const batchShape = left.tensor.shape.slice(0, -2);
  const batch = sizeOf(batchShape);
  const [rows, terms] = matrixShape(left);
  const [, columns] = matrixShape(right);
  const termsPerPart = Math.ceil(terms / Math.ceil(terms / maxTermsPerPart));
  const parts = Math.ceil(terms / termsPerPart);
  const workgroup_size = workgroupSizeFor(gpu.adapter.kind);
  const tileHeight = workgroup_size / tileWidth;
  const tiles = Math.ceil(rows / (block * tileHeight)) * Math.ceil(columns / (block * tileWidth));
  const output = emptyTensor(gpu, [parts, ...batchShape, rows, columns]);
  gpu.dispatch({
    file,
    entryPoint: "multiply",
    constants: { workgroup_size },
    params: {
      batch,
      rows,
      columns,
      terms,
      parts,
      terms_per_part: termsPerPart,
      left_row_stride: left.transposed ? 1 : terms,
      left_term_stride: left.transposed ? rows : 1,
      right_term_stride: right.transposed ? 1 : columns,
      right_column_stride: right.transposed ? terms : 1,
    },
    buffers: { left: left.tensor, right: right.tensor, output },
    workgroups: linearWorkgroups(parts * batch * tiles, 1),
    work: 2 * batch * rows * columns * terms,
  });
  return withoutParts(output);
}

/** Adds up the parts `[parts, …]` of a product. */
function withoutParts(output: Tensor): Tensor {
  const total = output.shape[0] === 1
    ? output.view(output.shape)
    : sumOver(output, output.shape.map((_, axis) => axis === 0));
  const product = total.view(output.shape.slice(1));
  output.dispose();
  total.dispose();
  return product;
}

/** Rows and columns as they are read. */
function matrixShape({ tensor, transposed }: Operand): readonly number[] {
  const shape = tensor.shape.slice(-2);
  return transposed ? shape.toReversed() : shape;
}
