// Progressive Fourier Aggregation: clients share the low frequencies of their weights.

import source from "../../../kernels/fourier_aggregation.wgsl" with { type: "text" };
import complex from "../../../kernels/shared/complex.wgsl" with { type: "text" };
import quotient from "../../../kernels/shared/quotient.wgsl" with { type: "text" };
import { kernelFile } from "../../gpu/kernel.ts";
import type { DispatchSpec } from "../../gpu/dispatcher.ts";
import {
  expectAxes,
  expectFloats,
  expectOneGpu,
  expectOptions,
  expectShape,
  expectWhole,
} from "../../tensor/checks.ts";
import { expectLengths, fft2, ifft2 } from "../../ops/fft.ts";
import { twiddles } from "../../ops/twiddles.ts";
import { type Shape, showShape } from "../../tensor/shape.ts";
import { emptyTensor, type Tensor } from "../../tensor/tensor.ts";
import { type MeanOptions, meanWeights } from "./mean_weights.ts";

const file = kernelFile("fourier_aggregation.wgsl", source, complex, quotient);
const workgroupSize = 64;

/** A window's positions in the shifted spectrum, half open. */
export interface FourierWindow {
  /** the first position that is shared */
  readonly begin: number;
  /** the first behind it that is not */
  readonly end: number;
}

/**
 * PRR-FL's aggregation of one layer (Chen et al. 2021, arXiv:2110.00394). In the 2-D spectrum of
 * each client's weight the amplitude becomes the mean over clients inside the central window of
 * {@link fourierWindow}; outside it the client keeps its own, and everywhere its own phase. So every client
 * gets a different result. Where a client's spectrum is 0, its phase is 0.
 *
 * A convolution's weight is transformed as the matrix `[C·kh, kw·O]`, a linear layer's as it is. The official
 * code divides the sum of amplitudes by 4 whatever the number of clients; this divides by their number.
 * Nothing is read back; the result cannot be differentiated.
 *
 * @param weights `[clients, O, C, kh, kw]` or `[clients, O, I]`, f32
 * @param options `rate`: the share L of the frequencies of each axis that is averaged, 0…1; `clientWeights`,
 *   which the official code ignores, make the mean amplitude a weighted one
 * @returns the same shape
 * @throws {TypeError} for another number of axes or another dtype
 * @throws {RangeError} for a rate outside 0…1, or a side of the matrix too long for a transform
 * @throws {GpuError} of kind "limit" for a matrix too large for the adapter
 */
export function progressiveFourierAggregation(
  weights: Tensor,
  options: { rate: number } & MeanOptions,
): Tensor {
  const op = "progressiveFourierAggregation";
  expectOptions(op, options, ["rate", "clientWeights"], ["rate"]);
  const layer = new Layer(op, weights, options.rate);
  using client_weights = meanWeights(op, weights, options);
  using spectrum = layer.spectrum();
  layer.run("blend", { packed: spectrum, client_weights }, layer.halfSpectrum(1));
  return layer.weightsOf(spectrum);
}

/**
 * What a client sends where the mean is made elsewhere: the amplitudes of its spectrum inside the window of
 * `progressiveFourierAggregation()`. Weights are real, so frequencies (u, v) and (−u, −v) have the same one, and half the
 * window is sent: where it has the frequencies −b … b − 1 of an axis, the b of {@link fourierWindow}, rows −b … 0 and
 * columns −b … b, or as many as there are. 0 stands for a frequency that is not shared. The matrix is turned if its
 * columns are even in number and its rows odd.
 *
 * @param weights as there, of one client or several
 * @param options `rate` as there
 * @returns `[clients, b + 1, 2b + 1]`, with the b of rows and of columns; `[clients, 1, 1]`, a 0, where the rate leaves none
 * @throws as `progressiveFourierAggregation()`
 */
export function lowAmplitudes(weights: Tensor, options: { rate: number }): Tensor {
  const op = "lowAmplitudes";
  expectOptions(op, options, ["rate"], ["rate"]);
  const layer = new Layer(op, weights, options.rate);
  using spectrum = layer.spectrum();
  const message = emptyTensor(weights.gpu, [layer.clients, ...layer.messageSides]);
  layer.run("amplitudes", { packed: spectrum, message }, [layer.messageSides[0], layer.clients]);
  return message;
}

/**
 * What clients make of the mean of what `lowAmplitudes()` gave: their own phases and high frequencies, with the
 * mean's amplitudes inside the window. The three steps together give what `progressiveFourierAggregation()` does.
 *
 * @param weights as there, of one client or several
 * @param mean `[1, b + 1, 2b + 1]`, any weighted mean of those
 * @param options `rate` as there
 * @returns the shape of the weights
 * @throws as there, and {TypeError} for a mean of another shape
 */
export function withAmplitudes(
  weights: Tensor,
  mean: Tensor,
  options: { rate: number },
): Tensor {
  const op = "withAmplitudes";
  expectOptions(op, options, ["rate"], ["rate"]);
  const layer = new Layer(op, weights, options.rate);
  expectShape(op, "mean", mean, [1, ...layer.messageSides]);
  expectOneGpu(op, { weights, mean });
  using spectrum = layer.spectrum();
  layer.run("take", { packed: spectrum, means: mean }, layer.halfSpectrum(layer.clients));
  return layer.weightsOf(spectrum);
}

/** One layer's weights and their spectrum, for the kernels. */
class Layer {
  readonly clients: number;
  /** rows and columns of what a client sends, at least one each */
  readonly messageSides: readonly [number, number];
  readonly #matrix: Matrix;
  readonly #params: Readonly<Record<string, number>>;

  constructor(op: string, private readonly weights: Tensor, rate: number) {
    expectAxes(op, "weights", weights, 3, 5);
    expectFloats(op, "weights", weights);
    expectRate(op, rate);
    const { shape } = weights;
    this.clients = shape[0];
    this.#matrix = arrange(shape);
    const { rows, columns, pairs } = this.#matrix;
    expectLengths(op, [pairs, columns], describe(shape, this.#matrix));
    const [row, column] = windowOf(rows, columns, rate);
    const rowsSent = Math.floor(rows / 2) + 1 - row.begin; // up to zero frequency
    const columnsSent = Math.min(column.end + 1, columns) - column.begin;
    this.messageSides = [rowsSent, columnsSent];
    this.#params = {
      clients: this.clients,
      ...this.#matrix,
      row_begin: row.begin,
      row_end: row.end,
      column_begin: column.begin,
      column_end: column.end,
    };
  }

  /** Workgroups of kernels that own a bin and its mirror image. */
  halfSpectrum(clients: number): [number, number] {
    return [Math.floor(this.#matrix.pairs / 2) + 1, clients];
  }

  /** Of all clients, complex `[clients, pairs, columns, 2]`. */
  spectrum(): Tensor {
    const { weights, clients } = this;
    const { pairs, columns } = this.#matrix;
    using folded = emptyTensor(weights.gpu, [clients, pairs, columns, 2]);
    this.run("fold", { weights, packed: folded }, [pairs, clients]);
    return fft2(folded);
  }

  /** The reverse. */
  weightsOf(spectrum: Tensor): Tensor {
    using packed = ifft2(spectrum);
    const output = emptyTensor(this.weights.gpu, this.weights.shape);
    this.run("unfold", { packed, output }, [this.#matrix.pairs, this.clients]);
    return output;
  }

  run(entryPoint: string, buffers: DispatchSpec["buffers"], [y, z]: [number, number]): void {
    const { gpu } = this.weights;
    const { rows, columns } = this.#matrix;
    const isOfBins = !["fold", "unfold"].includes(entryPoint);
    gpu.dispatch({
      file,
      entryPoint,
      constants: { workgroup_size: workgroupSize },
      params: this.#params,
      buffers: isOfBins ? { twiddles: twiddles(gpu, rows), ...buffers } : buffers,
      workgroups: [Math.ceil(columns / workgroupSize), y, z],
    });
  }
}

/**
 * The rate of a round: it grows from `initial` towards 0.95, which the last round does not quite reach.
 *
 * @param round 0 … rounds − 1
 * @param rounds communication rounds in all
 * @param initial rate of round 0, the official `--l_rate`
 * @throws {RangeError} unless 0 ≤ round < rounds, both whole, and 0 ≤ initial ≤ 1
 */
export function fourierRate(round: number, rounds: number, initial: number): number {
  if (!Number.isInteger(round) || !Number.isInteger(rounds) || round < 0 || round >= rounds) {
    throw new RangeError(
      `Cannot apply fourierRate: round is ${round} of ${rounds} but a whole number from 0 to ` +
        `one less than the number of rounds is expected`,
    );
  }
  expectRate("fourierRate", initial);
  return initial + (round / rounds) * (0.95 - initial);
}

/**
 * Which positions of a shifted axis of `n` frequencies are averaged: [c − b, c + b) with c = ⌊n/2⌋ and
 * b = ⌊n·rate/2⌋, in this order of operations. Zero frequency is at c, so the window is not symmetric.
 *
 * @throws {RangeError} for a rate outside 0…1, or an n that is no whole number of at least 1
 */
export function fourierWindow(n: number, rate: number): FourierWindow {
  expectWhole("fourierWindow", { n }, 1);
  expectRate("fourierWindow", rate);
  const center = Math.floor(n / 2);
  const half = Math.floor((n * rate) / 2);
  return { begin: center - half, end: center + half };
}

/** The window of a matrix; without width there is no height either. */
function windowOf(rows: number, columns: number, rate: number): [FourierWindow, FourierWindow] {
  const [row, column] = [fourierWindow(rows, rate), fourierWindow(columns, rate)];
  const isEmpty = row.begin === row.end || column.begin === column.end;
  return isEmpty ? [fourierWindow(rows, 0), fourierWindow(columns, 0)] : [row, column];
}

/** How a weight is laid out for the kernels; the names are those of their parameters. */
interface Matrix extends Readonly<Record<string, number>> {
  readonly rows: number;
  readonly columns: number;
  /** rows after two real ones have become a complex one */
  readonly pairs: number;
  readonly outputs: number;
  readonly inputs: number;
  readonly kernel_width: number;
  readonly transposed: number;
}

/** The matrix of a weight, turned so that its rows can be paired if either number is even. */
function arrange([, first, second, ...kernel]: Shape): Matrix {
  const [height, width] = kernel;
  const [outputs, kernel_width] = kernel.length > 0 ? [first, width] : [1, second];
  const [down, across] = kernel.length > 0 ? [second * height, width * first] : [first, second];
  const transposed = down % 2 === 1 && across % 2 === 0;
  const [rows, columns] = transposed ? [across, down] : [down, across];
  const pairs = rows % 2 === 0 ? rows / 2 : rows;
  const inputs = rows * columns / outputs;
  return { rows, columns, pairs, outputs, inputs, kernel_width, transposed: Number(transposed) };
}

function describe(shape: Shape, { rows, columns, transposed }: Matrix): string {
  const sides = transposed ? [columns, rows] : [rows, columns];
  return `weights ${showShape(shape)}, a matrix of ${sides.join(" by ")}`;
}

function expectRate(op: string, rate: number): void {
  if (typeof rate !== "number" || !(rate >= 0 && rate <= 1)) {
    throw new RangeError(
      `Cannot apply ${op}: the rate is ${rate} but a number from 0 to 1 is expected`,
    );
  }
}
