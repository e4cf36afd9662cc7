// Discrete Fourier transforms in double precision, from the definition, one prime factor at a time.

/** Complex numbers, real and imaginary parts apart. */
export interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** Σ_j x[j] exp(−2πi jk/n), any n; from transforms of every p-th element, p the smallest prime factor. */
export function dft(x: Complex): Complex {
  const n = x.re.length;
  const p = smallestFactor(n);
  const m = n / p;
  const parts = p < n ? range(p).map((start) => dft(everyNth(x, start, p))) : range(n).map((j) => ({
    re: x.re.subarray(j, j + 1),
    im: x.im.subarray(j, j + 1),
  }));
  const y = zeros(n);
  for (let k = 0; k < n; k++) {
    parts.forEach((part, j) => {
      const angle = -2 * Math.PI * ((j * k) % n) / n;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      y.re[k] += part.re[k % m] * c - part.im[k % m] * s;
      y.im[k] += part.re[k % m] * s + part.im[k % m] * c;
    });
  }
  return y;
}

/** {@link dft} of the rows, then of the columns of a matrix. */
export function dft2(x: Complex, height: number, width: number): Complex {
  const y = { re: x.re.slice(), im: x.im.slice() };
  range(height).forEach((row) => replaceLine(y, row * width, 1, width));
  range(width).forEach((column) => replaceLine(y, column, width, height));
  return y;
}

/** The inverse of `forward`, a transform of `n` numbers: the conjugate of that of the conjugate, over n. */
export function inverse(forward: (x: Complex) => Complex, x: Complex): Complex {
  const { re, im } = forward({ re: x.re, im: x.im.map((value) => -value) });
  const n = re.length;
  return { re: re.map((value) => value / n), im: im.map((value) => -value / n) };
}

/** Real and imaginary parts in turn, as tensors hold them. */
export function interleaved({ re, im }: Complex): Float64Array {
  return Float64Array.from({ length: 2 * re.length }, (_, i) => (i % 2 ? im : re)[i >> 1]);
}

/** The reverse of {@link interleaved}. */
export function separated(pairs: ArrayLike<number>): Complex {
  const x = zeros(pairs.length / 2);
  for (let i = 0; i < x.re.length; i++) [x.re[i], x.im[i]] = [pairs[2 * i], pairs[2 * i + 1]];
  return x;
}

function replaceLine(x: Complex, start: number, stride: number, length: number): void {
  const line = zeros(length);
  for (let j = 0; j < length; j++) {
    line.re[j] = x.re[start + j * stride];
    line.im[j] = x.im[start + j * stride];
  }
  const { re, im } = dft(line);
  for (let j = 0; j < length; j++) {
    x.re[start + j * stride] = re[j];
    x.im[start + j * stride] = im[j];
  }
}

function everyNth(x: Complex, start: number, step: number): Complex {
  const pick = (_: number, index: number) => index % step === start;
  return { re: x.re.filter(pick), im: x.im.filter(pick) };
}

function zeros(n: number): Complex {
  return { re: new Float64Array(n), im: new Float64Array(n) };
}

function smallestFactor(n: number): number {
  for (let p = 2; p * p <= n; p++) if (n % p === 0) return p;
  return n;
}

function range(n: number): number[] {
  return [...Array(n).keys()];
}
