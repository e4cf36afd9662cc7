// Which passes of the kernel make up a Fourier transform of a given length: arithmetic only.

/** The longest transform. */
export const longestTransform = 65536;

/** One run of the kernel over all lines; `kernels/fft.wgsl` says what the numbers mean. */
export interface Pass {
  /** numbers transformed at a time; their prime factors are 2, 3, 5 and 7 */
  readonly length: number;
  /** into how many such transforms a whole line is cut */
  readonly parts: number;
  readonly interleaved: boolean;
  /** of a whole line; the rest of `parts · length` is taken as zeros */
  readonly inputLength: number;
  /** of a whole line; the rest of `parts · length` is dropped */
  readonly outputLength: number;
  /** whether the input is multiplied by the conjugate chirp */
  readonly chirped: boolean;
  /** what results are multiplied by: roots of unity between two passes, Bluestein's filter or his chirp */
  readonly factors: "none" | "roots" | "filter" | "chirp";
  readonly conjugateInput: boolean;
  readonly conjugateOutput: boolean;
  readonly scale: number;
}

/** The passes of a transform, in order. */
export interface Plan {
  readonly passes: readonly Pass[];
  /** Bluestein's convolution, where the length has other prime factors than 2, 3, 5 and 7 */
  readonly convolution: Convolution | null;
}

/** The circular convolution with a chirp that Bluestein makes of a transform. */
export interface Convolution {
  readonly length: number;
  /** These make the filter of the chirp: its spectrum. */
  readonly filterPasses: readonly Pass[];
}

/**
 * Plans a transform: in one pass where a line fits workgroup memory, in two where it does not (Bailey
 * 1990, "FFTs in external or hierarchical memory"), as a convolution where a prime factor is too large
 * (Bluestein 1970, "A linear filtering approach to the computation of discrete Fourier transform").
 *
 * @param length 1 … {@link longestTransform}
 * @param longest the longest line that fits workgroup memory, at least 1024
 * @param options `inverse`: conjugate the input and the result; `scale`: factor on the result
 */
export function planTransform(
  length: number,
  longest: number,
  options: { inverse: boolean; scale: number },
): Plan {
  const { inverse, scale } = options;
  if (isProductOf([2, 3, 5, 7], length)) {
    const passes = forwardPasses(length, longest, { conjugateInput: inverse }, {
      conjugateOutput: inverse,
      scale,
    });
    return { passes, convolution: null };
  }
  const padded = paddedLength(length);
  // An inverse transform is the conjugate of that of the conjugate.
  const spectrum = forwardPasses(padded, longest, {
    inputLength: length,
    chirped: true,
    conjugateInput: inverse,
  }, { factors: "filter", conjugateOutput: true, scale: 1 / padded });
  const back = forwardPasses(padded, longest, {}, {
    outputLength: length,
    factors: "chirp",
    conjugateOutput: !inverse,
    scale,
  });
  const filterPasses = forwardPasses(padded, longest, {}, {});
  return { passes: [...spectrum, ...back], convolution: { length: padded, filterPasses } };
}

/** The radices of a pass's stages, whose product is its length. */
export interface Stages {
  /** of the stage that reads the input and of that which writes the output; 1: it does nothing else */
  readonly first: number;
  readonly last: number;
  readonly others: readonly number[];
  /** whether the pipeline has other radices than 2, 4 and 8 for the others */
  readonly anyRadix: boolean;
}

/**
 * Stages of a length whose prime factors are 2, 3, 5 and 7. Few are fastest. For many lengths to share a pipeline, the
 * fast ones begin with 12 or 8 and end with 8, and all others begin and end with a stage that only copies.
 */
export function planStages(length: number): Stages {
  const [twos, threes, fives, sevens] = [2, 3, 5, 7].map((prime) => exponentOf(prime, length));
  const [first, twosLeft] = threes === 1 ? [12, twos - 5] : [8, twos - 6];
  if (threes <= 1 && fives + sevens === 0 && twosLeft >= 0) {
    return { first, others: powersOfTwo(twosLeft), last: 8, anyRadix: false };
  }
  const odd = [[3, threes], [5, fives], [7, sevens]]
    .flatMap(([prime, exponent]) => Array(exponent).fill(prime));
  return { first: 1, others: [...powersOfTwo(twos), ...odd], last: 1, anyRadix: true };
}

/** Factors 8, 4 and 2 of a power of two. */
function powersOfTwo(exponent: number): number[] {
  const eights = exponent % 3 === 1 && exponent > 1 ? (exponent - 4) / 3 : Math.floor(exponent / 3);
  const rest = exponent - 3 * eights; // 4 is better done as 4·4 than as 8·2
  return [
    ...Array(eights).fill(8),
    ...Array(Math.floor(rest / 2)).fill(4),
    ...Array(rest % 2).fill(2),
  ];
}

/** A forward transform of a whole line, in one pass or two; what is special about its two ends is given. */
function forwardPasses(
  whole: number,
  longest: number,
  first: Partial<Pass>,
  last: Partial<Pass>,
): Pass[] {
  const pass: Pass = {
    length: whole,
    parts: 1,
    interleaved: false,
    inputLength: whole,
    outputLength: whole,
    chirped: false,
    factors: "none",
    conjugateInput: false,
    conjugateOutput: false,
    scale: 1,
  };
  if (whole <= longest) return [{ ...pass, ...first, ...last }];
  const [n1, n2] = split(whole);
  return [
    { ...pass, length: n1, parts: n2, interleaved: true, factors: "roots", ...first },
    { ...pass, length: n2, parts: n1, ...last },
  ];
}

/** Two factors as equal as can be: at most √7 from the root, so below 1024 for all lengths that occur. */
function split(whole: number): [number, number] {
  let factor = Math.floor(Math.sqrt(whole));
  while (whole % factor !== 0) factor--;
  return [whole / factor, factor];
}

/** The shortest circular convolution, of the fastest radices, that does not wrap what is needed of it. */
function paddedLength(length: number): number {
  const least = 2 * length - 1;
  let shortest = Infinity;
  for (let threes = 1; threes < 3 * least; threes *= 3) {
    let padded = threes;
    while (padded < least) padded *= 2;
    shortest = Math.min(shortest, padded);
  }
  return shortest;
}

/** Whether there are no other prime factors. */
function isProductOf(primes: readonly number[], length: number): boolean {
  return primes.reduce((rest, prime) => rest / prime ** exponentOf(prime, rest), length) === 1;
}

/** How often a prime divides a number. */
function exponentOf(prime: number, value: number): number {
  let exponent = 0;
  for (; value % prime === 0; value /= prime) exponent++;
  return exponent;
}
