// Random shares of a whole: the symmetric Dirichlet distribution.

import type { RandomStream } from "../random.ts";

/**
 * Shares that add up to 1, with density proportional to `Π share^(alpha − 1)`: nearly equal for large alpha, nearly
 * all for one part for small.
 *
 * @param alpha concentration, above 0
 * @param count number of parts
 */
export function dirichlet(random: RandomStream, alpha: number, count: number): number[] {
  const logs = Array.from({ length: count }, () => logGamma(random, alpha));
  const highest = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - highest));
  const sum = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Logarithm of a gamma-distributed number (Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables", 2000). */
function logGamma(random: RandomStream, shape: number): number {
  // The number itself would be 0 for most small shapes, hence the logarithms.
  if (shape < 1) return logGamma(random, shape + 1) + Math.log(positive(random)) / shape;
  const d = shape - 1 / 3;
  while (true) {
    const x = normal(random);
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    const u = positive(random);
    if (v > 0 && Math.log(u) < x * x / 2 + d * (1 - v + Math.log(v))) return Math.log(d * v);
  }
}

/** Standard normal (Box and Muller). */
function normal(random: RandomStream): number {
  const radius = Math.sqrt(-2 * Math.log(positive(random)));
  return radius * Math.cos(2 * Math.PI * random.uniform());
}

/** In `(0, 1]`. */
function positive(random: RandomStream): number {
  return 1 - random.uniform();
}
