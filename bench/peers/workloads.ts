// The work that is compared: shapes, and the same inputs for everyone.

/** What can be measured. */
export const workloads = [
  "conv",
  "conv-gradients",
  "training-32",
  "training-64",
  "fft",
  "fft-batch",
] as const;
export type Workload = typeof workloads[number];

export const batch = 16;

/** A 3×3 convolution with padding 1. */
export interface Convolution {
  readonly inputs: number;
  readonly outputs: number;
  /** height and width */
  readonly size: number;
}

export const convolutions: readonly Convolution[] = [
  { inputs: 3, outputs: 32, size: 32 },
  { inputs: 32, outputs: 32, size: 32 },
  { inputs: 32, outputs: 32, size: 64 },
  { inputs: 64, outputs: 64, size: 16 },
  { inputs: 64, outputs: 64, size: 32 },
  { inputs: 128, outputs: 128, size: 8 },
  { inputs: 256, outputs: 256, size: 4 },
];

export function convolutionName(
  { inputs, outputs, size }: Convolution,
): string {
  return `${inputs}→${outputs} @ ${size}×${size}`;
}

/** x `[batch, inputs, size, size]`, weight `[outputs, inputs, 3, 3]`, upstream as the output. */
export function convolutionData({ inputs, outputs, size }: Convolution) {
  const pixels = batch * size ** 2;
  return {
    x: uniform(pixels * inputs, 11),
    weight: uniform(outputs * inputs * 9, 12, 1 / Math.sqrt(inputs * 9)),
    upstream: uniform(pixels * outputs, 13),
  };
}

/** Sides of the matrices that are transformed. */
export const fftSizes = [768, 96];

/** Matrices of a batch. */
export function fftCount(workload: Workload): number {
  return workload === "fft-batch" ? 4 : 1;
}

export function fftName(count: number, size: number): string {
  return `${count === 1 ? "" : `${count} × `}${size}×${size} complex`;
}

/** Real and imaginary parts of `count` equal matrices. */
export function fftData(count: number, size: number) {
  const repeated = (part: Float32Array) => {
    const all = new Float32Array(count * part.length);
    for (let k = 0; k < count; k++) all.set(part, k * part.length);
    return all;
  };
  return {
    re: repeated(uniform(size ** 2, 21)),
    im: repeated(uniform(size ** 2, 22)),
  };
}

/** A generator of numbers in [0, 1): mulberry32. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function uniform(
  length: number,
  seed: number,
  bound = 1,
): Float32Array<ArrayBuffer> {
  const next = generator(seed);
  return Float32Array.from({ length }, () => (next() * 2 - 1) * bound);
}

/** Box and Muller. */
export function normal(
  length: number,
  seed: number,
  deviation = 1,
): Float32Array<ArrayBuffer> {
  const next = generator(seed);
  return Float32Array.from({ length }, () => {
    const radius = Math.sqrt(-2 * Math.log(next() + 1e-12));
    return deviation * radius * Math.cos(2 * Math.PI * next());
  });
}
