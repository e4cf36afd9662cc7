// Counter-based random numbers: the same key gives the same numbers, here and in the kernels.

/**
 * Hash of four 32-bit words into four (Jarzynski and Olano, "Hash Functions for GPU Rendering", 2020, `pcg4d`).
 * `kernels/augment.wgsl` computes the same function.
 */
export function pcg4d(
  a: number,
  b: number,
  c: number,
  d: number,
): [number, number, number, number] {
  const advance = (word: number) => (Math.imul(word, 1664525) + 1013904223) | 0;
  let [x, y, z, w] = [advance(a), advance(b), advance(c), advance(d)];
  const mix = () => {
    x = (x + Math.imul(y, w)) | 0;
    y = (y + Math.imul(z, x)) | 0;
    z = (z + Math.imul(x, y)) | 0;
    w = (w + Math.imul(y, z)) | 0;
  };
  mix();
  x ^= x >>> 16;
  y ^= y >>> 16;
  z ^= z >>> 16;
  w ^= w >>> 16;
  mix();
  return [x >>> 0, y >>> 0, z >>> 0, w >>> 0];
}

/** An endless sequence of random numbers, determined by its key: any number of integers. */
export class RandomStream {
  readonly #key: [number, number, number];
  #counter = 0;
  #words: number[] = [];

  constructor(...key: number[]) {
    let state: [number, number, number, number] = [key.length, 0, 0, 0];
    for (const word of key) state = pcg4d(state[0] ^ word, state[1], state[2], state[3]);
    this.#key = [state[0], state[1], state[2]];
  }

  /** A whole number in `[0, 2³²)`. */
  uint32(): number {
    if (this.#words.length === 0) {
      const [first, second, third] = this.#key;
      this.#words = pcg4d(first, second, third, this.#counter++).reverse();
    }
    return this.#words.pop()!;
  }

  /** A number in `[0, 1)`, a multiple of 2⁻³². */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A whole number in `[0, bound)`; the bias is below `bound / 2³²`. */
  integer(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** The numbers `0 … length − 1` in random order (Fisher and Yates). */
  permutation(length: number): Uint32Array<ArrayBuffer> {
    const order = Uint32Array.from({ length }, (_, index) => index);
    for (let last = length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      [order[last], order[other]] = [order[other], order[last]];
    }
    return order;
  }
}
