// Progressive Fourier Aggregation as the paper words it, in double precision: amplitudes and angles of the
// shifted spectrum, a window, and back. Nothing of the kernels' algebra is used.

import { fourierWindow } from "../../src/federated/aggregate/fourier.ts";
import { type Complex, dft2, inverse } from "./fft.ts";

/**
 * @param weights one array per client, row-major
 * @param shape `[O, C, kh, kw]` or `[O, I]`
 * @param clientWeights how much each client's amplitudes count in the mean
 * @returns one array per client, in the same order
 */
export function fourierAggregationReference(
  weights: readonly ArrayLike<number>[],
  shape: readonly number[],
  rate: number,
  clientWeights: readonly number[] = weights.map(() => 1),
): Float64Array[] {
  const { height, width, places } = fold(shape);
  const spectra = weights.map((weight) => {
    const re = Float64Array.from(places, (place) => weight[place]);
    return dft2({ re, im: new Float64Array(re.length) }, height, width);
  });
  const amplitudes = spectra.map(({ re, im }) => re.map((value, i) => Math.hypot(value, im[i])));
  // A bin that is zero up to rounding has no phase; the official code's phase of 0 is 0.
  const smallest = amplitudes.map((values) =>
    1e-14 * values.reduce((most, value) => Math.max(most, value), 0)
  );
  const [row, column] = [fourierWindow(height, rate), fourierWindow(width, rate)];
  const total = clientWeights.reduce((sum, weight) => sum + weight, 0);
  return spectra.map(({ re, im }, client) => {
    const mixed: Complex = { re: new Float64Array(re.length), im: new Float64Array(re.length) };
    for (let i = 0; i < re.length; i++) {
      const shiftedRow = (Math.floor(i / width) + Math.floor(height / 2)) % height;
      const shiftedColumn = (i % width + Math.floor(width / 2)) % width;
      const inside = shiftedRow >= row.begin && shiftedRow < row.end &&
        shiftedColumn >= column.begin && shiftedColumn < column.end;
      const amplitude = inside
        ? amplitudes.reduce((sum, values, k) => sum + clientWeights[k] * values[i], 0) / total
        : amplitudes[client][i];
      const angle = amplitudes[client][i] <= smallest[client] ? 0 : Math.atan2(im[i], re[i]);
      mixed.re[i] = amplitude * Math.cos(angle);
      mixed.im[i] = amplitude * Math.sin(angle);
    }
    const back = inverse((x) => dft2(x, height, width), mixed).re;
    const output = new Float64Array(back.length);
    places.forEach((place, i) => output[place] = back[i]);
    return output;
  });
}

/**
 * What a client sends of its window: amplitudes at rows −b … 0 and columns −b … b of signed frequencies, where these
 * exist; 0 where neither the frequency nor its mirror image is in the window.
 */
export function fourierMessageReference(
  weight: ArrayLike<number>,
  shape: readonly number[],
  rate: number,
): { sides: [number, number]; values: number[] } {
  const { height, width, places } = fold(shape);
  const re = Float64Array.from(places, (place) => weight[place]);
  const spectrum = dft2({ re, im: new Float64Array(re.length) }, height, width);
  const turned = height % 2 === 1 && width % 2 === 0;
  const [rows, columns] = turned ? [width, height] : [height, width];
  const halves = [rows, columns].map((n) => Math.floor(n * rate / 2));
  const [down, across] = halves.includes(0) ? [0, 0] : halves;
  const isIn = (n: number, half: number, frequency: number) =>
    Array.from({ length: 2 * half }, (_, i) => modulo(i - half, n)).includes(modulo(frequency, n));
  const isShared = (u: number, v: number) =>
    [1, -1].some((sign) => isIn(rows, down, sign * u) && isIn(columns, across, sign * v));
  const values: number[] = [];
  const last = Math.min(across, columns - across - 1);
  for (let u = -down; u <= 0; u++) {
    for (let v = -across; v <= last; v++) {
      const [row, column] = [modulo(u, rows), modulo(v, columns)];
      const i = turned ? column * width + row : row * width + column;
      values.push(isShared(u, v) ? Math.hypot(spectrum.re[i], spectrum.im[i]) : 0);
    }
  }
  return { sides: [down + 1, last + across + 1], values };
}

function modulo(i: number, n: number): number {
  return (i % n + n) % n;
}

/** The matrix of a weight: its sides, and for each element, row by row, its place in the weight. */
function fold(shape: readonly number[]): { height: number; width: number; places: number[] } {
  const [outputs, inputs, kh = 1, kw = 1] = shape;
  const places: number[] = [];
  if (shape.length === 2) {
    for (let i = 0; i < outputs * inputs; i++) places.push(i);
    return { height: outputs, width: inputs, places };
  }
  for (let c = 0; c < inputs; c++) {
    for (let y = 0; y < kh; y++) {
      for (let x = 0; x < kw; x++) {
        for (let o = 0; o < outputs; o++) places.push(((o * inputs + c) * kh + y) * kw + x);
      }
    }
  }
  return { height: inputs * kh, width: kw * outputs, places };
}
