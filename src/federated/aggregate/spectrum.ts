// The amplitude spectrum of a layer's weights: what Fourier aggregation averages, for people to look at.

import { mul } from "../../ops/arithmetic.ts";
import { fft2 } from "../../ops/fft.ts";
import { permute, reshape } from "../../ops/rearrange.ts";
import { emptyTensor, type Tensor } from "../../tensor/tensor.ts";

/** Amplitudes with frequency 0 in the middle, at `[⌊rows/2⌋, ⌊columns/2⌋]`. */
export interface Spectrum {
  /** C·kh of the layer */
  readonly rows: number;
  /** kw·O of the layer */
  readonly columns: number;
  /** row-major `[rows, columns]` */
  readonly amplitudes: Float32Array<ArrayBuffer>;
}

/**
 * The spectra of a convolution's weights, each of the matrix `[C·kh, kw·O]` that
 * {@link progressiveFourierAggregation} transforms.
 *
 * @param weights `[clients, O, C, kh, kw]`, f32
 * @returns one spectrum for each client
 */
export async function amplitudeSpectra(weights: Tensor): Promise<Spectrum[]> {
  const { gpu } = weights;
  const [clients, outputs, inputs, height, width] = weights.shape;
  const [rows, columns] = [inputs * height, width * outputs];
  const transformed = await (() => {
    using _scope = gpu.scope();
    const matrices = reshape(permute(weights, [0, 2, 3, 4, 1]), [clients, rows, columns, 1]);
    const real = emptyTensor(gpu, [1, 1, 1, 2]);
    gpu.write(real, Float32Array.of(1, 0)); // times this: with imaginary parts of 0
    return fft2(mul(matrices, real)).read();
  })();
  const size = 2 * rows * columns;
  return Array.from({ length: clients }, (_, client) => ({
    rows,
    columns,
    amplitudes: centred(transformed.subarray(client * size, (client + 1) * size), rows, columns),
  }));
}

/** The amplitudes of pairs (re, im), moved as by `numpy.fft.fftshift`. */
function centred(
  pairs: ArrayLike<number>,
  rows: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  const amplitudes = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const row = (i + Math.floor(rows / 2)) % rows;
      const column = (j + Math.floor(columns / 2)) % columns;
      const from = 2 * (i * columns + j);
      amplitudes[row * columns + column] = Math.hypot(pairs[from], pairs[from + 1]);
    }
  }
  return amplitudes;
}
