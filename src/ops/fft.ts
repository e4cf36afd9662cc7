// Discrete Fourier transforms of complex numbers, along the last axis or the last two.

import { record } from "../tensor/autograd.ts";
import { showShape, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { expectFloats, expectNoMore } from "../tensor/checks.ts";
import { transformLines } from "./fft_pass.ts";
import { longestTransform } from "./fft_plan.ts";

/**
 * The discrete Fourier transform along the last axis, as `numpy.fft.fft`: Σ_j x[j] exp(−2πi jk/n).
 * Differentiable; complex gradients are pairs (∂/∂re, ∂/∂im), as in PyTorch. Lengths of the form
 * 2^a·3^b·5^c·7^d are fastest; others take about five times as long and, meanwhile, more
 * memory (Bluestein 1970).
 *
 * @param x `[…, n, 2]`, the trailing axis holding real and imaginary part; 1 ≤ n ≤ 65,536
 * @returns the same shape
 * @throws {TypeError} unless x is f32 with a trailing axis of 2 behind at least one other
 * @throws {RangeError} unless n is 1 … 65,536
 */
export function fft(x: Tensor): Tensor {
  expectNoMore("fft", arguments, 1, ofAxes);
  return transform("fft", x, 1, "forward");
}

/** The inverse of {@link fft}, as `numpy.fft.ifft`: 1/n Σ_k x[k] exp(2πi jk/n). Same shapes and errors. */
export function ifft(x: Tensor): Tensor {
  expectNoMore("ifft", arguments, 1, ofAxes);
  return transform("ifft", x, 1, "inverse");
}

/**
 * {@link fft} along the last two axes, as `numpy.fft.fft2`.
 *
 * @param x `[…, h, w, 2]`; h and w as n there
 * @returns the same shape
 * @throws as {@link fft}
 */
export function fft2(x: Tensor): Tensor {
  expectNoMore("fft2", arguments, 1, ofAxes);
  return transform("fft2", x, 2, "forward");
}

/** The inverse of {@link fft2}, as `numpy.fft.ifft2`, scaled by 1/(h·w). Same shapes and errors. */
export function ifft2(x: Tensor): Tensor {
  expectNoMore("ifft2", arguments, 1, ofAxes);
  return transform("ifft2", x, 2, "inverse");
}

/**
 * Checks that transforms of these lengths can be done.
 *
 * @param subject what is to be transformed, for the message
 * @throws {RangeError} unless all are 1 … 65,536
 */
export function expectLengths(op: string, lengths: readonly number[], subject: string): void {
  for (const length of lengths) {
    if (length < 1 || length > longestTransform) {
      throw new RangeError(
        `Cannot apply ${op}: a length is ${length} but 1 to ${longestTransform} is expected (${subject})`,
      );
    }
  }
}

const ofAxes = " and transforms whole axes, the last or the last two before re and im";

type Direction = "forward" | "inverse";

const opposite: Readonly<Record<Direction, Direction>> = { forward: "inverse", inverse: "forward" };

/** The transform is linear, so its gradient is the conjugate one: the other direction, the same scale. */
function transform(op: string, x: Tensor, axes: 1 | 2, direction: Direction): Tensor {
  expectFloats(op, "x", x);
  if (x.shape.length <= axes || x.shape.at(-1) !== 2) {
    throw new TypeError(
      `Cannot apply ${op}: x has shape ${showShape(x.shape)} but ` +
        `${axes === 1 ? "[…, n, 2]" : "[…, h, w, 2]"} is expected (real and imaginary part last)`,
    );
  }
  const lengths = x.shape.slice(-1 - axes, -1);
  expectLengths(op, lengths, `x ${showShape(x.shape)}`);
  const scale = direction === "forward" ? 1 : 1 / sizeOf(lengths);
  const run = (input: Tensor, way: Direction) => {
    if (axes === 1) return transformAxis(input, -2, way, scale);
    using rows = transformAxis(input, -2, way, 1);
    return transformAxis(rows, -3, way, scale);
  };
  return record(run(x, direction), [x], (upstream) => [run(upstream, opposite[direction])]);
}

/** `axis` counts from the end, where -1 is the axis of real and imaginary part. */
function transformAxis(x: Tensor, axis: -2 | -3, direction: Direction, scale: number): Tensor {
  const length = x.shape.at(axis)!;
  const stride = axis === -2 ? 1 : x.shape.at(-2)!;
  const outer = x.size / 2 / length / stride;
  return transformLines(x, { outer, length, stride }, { inverse: direction === "inverse", scale });
}
