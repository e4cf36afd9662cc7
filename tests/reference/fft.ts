// Discrete Fourier transforms in double precision: by definition, and faster for every length.

/** Complex numbers, real and imaginary parts apart. */
export interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** Primes from here on are transformed by a convolution; the definition costs n² operations. */
const largePrime = 64;

/** Σ_j x[j] exp(−2πi jk/n), straight from the definition; any n. */
export function dftByDefinition({ re, im }: Complex): Complex {
  const n = re.length;
  const roots = rootsOfUnity(n);
  const y = zeros(n);
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < n; j++) {
      const [c, s] = [roots.re[(j * k) % n], roots.im[(j * k) % n]];
      y.re[k] += re[j] * c - im[j] * s;
      y.im[k] += re[j] * s + im[j] * c;
    }
  }
  return y;
}

/** The same, one prime factor at a time: from transforms of every p-th element, p the smallest factor. */
export function dft(x: Complex): Complex {
  const n = x.re.length;
  const p = smallestFactor(n);
  if (p === n) return n < largePrime ? dftByDefinition(x) : chirpTransform(x);
  const m = n / p;
  const roots = rootsOfUnity(n);
  const y = zeros(n);
  for (let j = 0; j < p; j++) {
    const { re, im } = dft(everyNth(x, j, p));
    for (let k = 0; k < n; k++) {
      const [c, s] = [roots.re[(j * k) % n], roots.im[(j * k) % n]];
      y.re[k] += re[k % m] * c - im[k % m] * s;
      y.im[k] += re[k % m] * s + im[k % m] * c;
    }
  }
  return y;
}

/** Bluestein 1970: jk = (j² + k² − (k − j)²)/2 turns a transform into a convolution, here of 2^a numbers. */
function chirpTransform(x: Complex): Complex {
  const n = x.re.length;
  const circle = 2 ** Math.ceil(Math.log2(2 * n - 1));
  const chirp = unitVectors(n, (j) => -Math.PI * ((j * j) % (2 * n)) / n);
  const filter = zeros(circle);
  for (let j = 0; j < n; j++) {
    for (const place of [j, (circle - j) % circle]) {
      filter.re[place] = chirp.re[j];
      filter.im[place] = -chirp.im[j];
    }
  }
  const padded = zeros(circle);
  const turned = product(x, chirp);
  padded.re.set(turned.re);
  padded.im.set(turned.im);
  const { re, im } = inverse(dft, product(dft(padded), dft(filter)));
  return product({ re: re.subarray(0, n), im: im.subarray(0, n) }, chirp);
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
  const part = zeros(x.re.length / step);
  for (let i = 0; i < part.re.length; i++) {
    part.re[i] = x.re[start + i * step];
    part.im[i] = x.im[start + i * step];
  }
  return part;
}

function product(a: Complex, b: Complex): Complex {
  const y = zeros(a.re.length);
  for (let i = 0; i < a.re.length; i++) {
    y.re[i] = a.re[i] * b.re[i] - a.im[i] * b.im[i];
    y.im[i] = a.re[i] * b.im[i] + a.im[i] * b.re[i];
  }
  return y;
}

const tables = new Map<number, Complex>();

/** exp(−2πi j/n) for j < n; recursions ask for the same ones again and again. */
function rootsOfUnity(n: number): Complex {
  const roots = tables.get(n) ?? unitVectors(n, (j) => -2 * Math.PI * j / n);
  tables.set(n, roots);
  return roots;
}

function unitVectors(n: number, angleOf: (j: number) => number): Complex {
  const angles = Float64Array.from({ length: n }, (_, j) => angleOf(j));
  return { re: angles.map(Math.cos), im: angles.map(Math.sin) };
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
