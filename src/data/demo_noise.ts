// Smooth random functions for the demo images, from arithmetic that is the same on every platform.
//
// Only sums, products, quotients and square roots make the demo images: of sines, logarithms and powers the last bits
// differ between machines.

import type { RandomStream } from "../random.ts";

/** A smooth function of the plane with values in [−1, 1]. */
export type Noise = (x: number, y: number) => number;

/** Lowest and highest value. */
export type Range = readonly [number, number];

/** Lattice points per side, after which noise repeats: more than a lesion is wide. */
const period = 32;

/** Random values on a lattice of `frequency` points per unit, turned by a random angle and joined smoothly. */
export function valueNoise(random: RandomStream, frequency: number): Noise {
  const lattice = Float64Array.from({ length: period * period }, () => between(random, [-1, 1]));
  const at = (column: number, row: number) =>
    lattice[(row & (period - 1)) * period + (column & (period - 1))];
  const [cosine, sine] = direction(random);

  return (x, y) => {
    const across = (x * cosine - y * sine) * frequency;
    const along = (x * sine + y * cosine) * frequency;
    const [column, row] = [Math.floor(across), Math.floor(along)];
    const right = smoothstep(0, 1, across - column);
    const down = smoothstep(0, 1, along - row);
    const top = mix(at(column, row), at(column + 1, row), right);
    const bottom = mix(at(column, row + 1), at(column + 1, row + 1), right);
    return mix(top, bottom, down);
  };
}

/** A number from a range, uniformly. */
export function between(random: RandomStream, [low, high]: Range): number {
  return low + (high - low) * random.uniform();
}

/** A random unit vector. */
export function direction(random: RandomStream): [number, number] {
  for (;;) {
    const [x, y] = [between(random, [-1, 1]), between(random, [-1, 1])];
    const squared = x * x + y * y;
    if (squared > 0.01 && squared <= 1) return [x / Math.sqrt(squared), y / Math.sqrt(squared)];
  }
}

/** From `a` (share 0) to `b` (share 1). */
export function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}

/** 0 up to `start`, 1 from `end` on, smooth between; falling if `end < start`. */
export function smoothstep(start: number, end: number, x: number): number {
  const share = Math.min(Math.max((x - start) / (end - start), 0), 1);
  return share * share * (3 - 2 * share);
}
