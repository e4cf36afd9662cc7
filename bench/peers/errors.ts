// How far results are from double precision, by some of their elements.

import { expectedGradients } from "./network.ts";
import { batch, type Convolution, convolutionData, fftData, generator } from "./workloads.ts";

/** Elements of results by their indices, in PyTorch's order of axes. */
export interface ConvolutionResults {
  readonly output?: (n: number, o: number, i: number, j: number) => number;
  readonly inputGradient?: (
    n: number,
    c: number,
    i: number,
    j: number,
  ) => number;
  readonly weightGradient?: (
    o: number,
    c: number,
    u: number,
    v: number,
  ) => number;
}

export function convolutionError(
  shape: Convolution,
  results: ConvolutionResults,
): number {
  const { inputs, outputs, size } = shape;
  const { x, weight, upstream } = convolutionData(shape);
  const inside = (i: number, j: number) => i >= 0 && j >= 0 && i < size && j < size;
  const X = (n: number, c: number, i: number, j: number) =>
    inside(i, j) ? x[((n * inputs + c) * size + i) * size + j] : 0;
  const G = (n: number, o: number, i: number, j: number) =>
    inside(i, j) ? upstream[((n * outputs + o) * size + i) * size + j] : 0;
  const W = (o: number, c: number, u: number, v: number) =>
    weight[((o * inputs + c) * 3 + u) * 3 + v];
  const random = generator(99);
  const any = (bound: number) => Math.floor(random() * bound);
  let worst = 0;
  const compare = (actual: number, expected: number) =>
    worst = largest(
      worst,
      Math.abs(actual - expected) / (Math.abs(expected) + 0.1),
    );
  for (let sample = 0; sample < 12; sample++) {
    const [n, o, c, i, j] = [
      any(batch),
      any(outputs),
      any(inputs),
      any(size),
      any(size),
    ];
    const [u, v] = [any(3), any(3)];
    const { output, inputGradient, weightGradient } = results;
    if (output) {
      const expected = sum(
        [inputs, 3, 3],
        (k, a, b) => W(o, k, a, b) * X(n, k, i + a - 1, j + b - 1),
      );
      compare(output(n, o, i, j), expected);
    }
    if (inputGradient) {
      const expected = sum(
        [outputs, 3, 3],
        (k, a, b) => W(k, c, a, b) * G(n, k, i - a + 1, j - b + 1),
      );
      compare(inputGradient(n, c, i, j), expected);
    }
    if (weightGradient) {
      const expected = sum(
        [batch, size, size],
        (k, a, b) => G(k, o, a, b) * X(k, c, a + u - 1, b + v - 1),
      );
      compare(weightGradient(o, c, u, v), expected);
    }
  }
  return worst;
}

/** Of four frequencies of the last matrix, as shares of a typical one. */
export function fftError(
  size: number,
  at: (row: number, column: number) => readonly [re: number, im: number],
): number {
  const { re, im } = fftData(1, size);
  let worst = 0;
  for (const [k, l] of [[0, 0], [1, 2], [size / 2, 5], [size - 1, size - 3]]) {
    const place = (i: number, j: number) => i * size + j;
    const angle = (i: number, j: number) => -2 * Math.PI * ((k * i) % size + (l * j) % size) / size;
    const part = (
      of: (a: number, b: number, cos: number, sin: number) => number,
    ) =>
      sum([size, size, 1], (i, j) => {
        const [cos, sin] = [Math.cos(angle(i, j)), Math.sin(angle(i, j))];
        return of(re[place(i, j)], im[place(i, j)], cos, sin);
      });
    const expectedRe = part((a, b, cos, sin) => a * cos - b * sin);
    const expectedIm = part((a, b, cos, sin) => a * sin + b * cos);
    const [actualRe, actualIm] = at(k, l);
    worst = largest(
      worst,
      Math.hypot(actualRe - expectedRe, actualIm - expectedIm) / size,
    );
  }
  return worst;
}

/** Of the loss and the median gradient at the start; single ones may be near 0. */
export function trainingError(
  pixels: number,
  actual: Readonly<Record<string, number>>,
): number {
  const { loss, ...gradients } = expectedGradients(pixels);
  const errors = Object.entries(gradients).map(([name, expected]) =>
    Math.abs(actual[name] - expected) / (Math.abs(expected) + 1e-3)
  );
  const median = errors.toSorted((a, b) => a - b)[errors.length >> 1];
  return largest(Math.abs(actual.loss / loss - 1), median);
}

/** A number that is none is the largest. */
function largest(a: number, b: number): number {
  return Number.isNaN(a + b) ? Infinity : Math.max(a, b);
}

function sum(
  [first, second, third]: readonly [number, number, number],
  term: (a: number, b: number, c: number) => number,
): number {
  let total = 0;
  for (let a = 0; a < first; a++) {
    for (let b = 0; b < second; b++) {
      for (let c = 0; c < third; c++) total += term(a, b, c);
    }
  }
  return total;
}
