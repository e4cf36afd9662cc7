// Sums and means along axes.

import { record } from "../tensor/autograd.ts";
import { sumOver } from "../tensor/sum.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { scale } from "./arithmetic.ts";
import { broadcastTo } from "./broadcast.ts";
import {
  expectFloats,
  expectList,
  expectOptions,
  expectSwitches,
  markAxes,
} from "../tensor/checks.ts";

/** Along which axes. */
export interface ReduceOptions {
  /** counted from 0, or from the end if negative; default all */
  axes?: readonly number[];
  /** leave these axes in place with the size 1; default false */
  keepDims?: boolean;
}

/**
 * The sum along axes, as `torch.sum`, f32. Long sums are trees of 128 terms a node.
 *
 * @param x of any shape; the stack axis is summed like any other unless `axes` leaves it out
 * @returns the shape without these axes, `[]` for all of them
 * @throws {RangeError} for axes that do not exist or are named twice, and for an empty list
 */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduce("sum", x, options).sum;
}

/** The mean along axes, as `torch.mean`, f32; options, shapes and errors as of `sum`. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const { sum } = reduce("mean", x, options);
  return scale(sum, sum.size / x.size);
}

function reduce(op: string, x: Tensor, options: ReduceOptions) {
  expectOptions(op, options, ["axes", "keepDims"]);
  const { axes, keepDims = false } = options;
  expectSwitches(op, { keepDims });
  if (axes !== undefined) expectList(op, "axes", axes);
  if (axes?.length === 0) {
    throw new RangeError(
      `Cannot apply ${op}: axes is [], which PyTorch takes for all axes and NumPy for none; ` +
        "leave axes out for all",
    );
  }
  expectFloats(op, "x", x);
  const summed = markAxes(op, axes ?? [...x.shape.keys()], x.shape);
  const kept = sumOver(x, summed);
  const shape = keepDims ? kept.shape : kept.shape.filter((_, axis) => !summed[axis]);
  const output = kept.view(shape);
  const sum = record(output, [x], (upstream) => [broadcastTo(upstream.view(kept.shape), x.shape)]);
  return { sum };
}
