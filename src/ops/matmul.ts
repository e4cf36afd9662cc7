// The product of matrices.

import { record } from "../tensor/autograd.ts";
import { broadcastShape, showShape, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { repeated } from "./broadcast.ts";
import { expectFloats, expectNoMore, expectOneGpu, expectStackAligned } from "../tensor/checks.ts";
import { choiceFor, runChoice } from "./kernel_choice.ts";
import { product } from "./kernel_table.ts";

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
  const matrices = sizeOf(batchShape);
  const [rows, terms] = matrixShape(left);
  const [, columns] = matrixShape(right);
  const one = {
    sizes: { matrices, rows, columns, terms },
    leftTransposed: left.transposed ?? false,
    rightTransposed: right.transposed ?? false,
  };
  const operands = { left: left.tensor, right: right.tensor };
  const shape = [...batchShape, rows, columns];
  const work = 2 * matrices * rows * columns * terms;
  return runChoice(choiceFor(product, one, gpu), one, operands, { gpu, shape, work });
}

/** Rows and columns as they are read. */
function matrixShape({ tensor, transposed }: Operand): readonly number[] {
  const shape = tensor.shape.slice(-2);
  return transposed ? shape.toReversed() : shape;
}
