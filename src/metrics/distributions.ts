// Student's t and the normal distribution: tails and quantiles, to about twelve digits.

/**
 * Probability that a normal variable lies further from 0 than z, on either side: `2 * scipy.stats.norm.sf(|z|)`.
 *
 * @returns in [0, 1]; NaN for NaN
 */
export function normalTails(z: number): number {
  return complementaryError(Math.abs(z) / Math.SQRT2);
}

/** Upper tail of χ² with one degree of freedom: `scipy.stats.chi2.sf(statistic, 1)`. */
export function chiSquareTail(statistic: number): number {
  return complementaryError(Math.sqrt(statistic / 2));
}

/** Probability that Student's t lies further from 0 than `t`, on either side: `2 * scipy.stats.t.sf(|t|, freedom)`. */
export function studentTails(t: number, freedom: number): number {
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

/**
 * Half the width of a central interval of the normal distribution: 1.96 for 0.95.
 *
 * @throws {RangeError} if the level is not between 0 and 1
 */
export function normalQuantile(level: number): number {
  return quantileOf(normalTails, level);
}

/**
 * Half the width of a central interval of Student's t: `scipy.stats.t.ppf((1 + level) / 2, freedom)`.
 *
 * @throws {RangeError} if the level is not between 0 and 1, or there is no degree of freedom
 */
export function studentQuantile(level: number, freedom: number): number {
  if (!(freedom > 0)) {
    throw new RangeError(
      `Cannot compute Student's t: ${freedom} degrees of freedom, expected some`,
    );
  }
  return quantileOf((t) => studentTails(t, freedom), level);
}

/** @throws {RangeError} unless a level of confidence lies between 0 and 1 */
export function expectLevel(level: number): void {
  if (level > 0 && level < 1) return;
  throw new RangeError(
    `Cannot compute an interval: level is ${level} but a share between 0 and 1 is expected, such as 0.95`,
  );
}

/** Where both tails hold what the level leaves, by bisection. */
function quantileOf(tails: (x: number) => number, level: number): number {
  expectLevel(level);
  let [low, high] = [0, 1];
  while (tails(high) > 1 - level) [low, high] = [high, 2 * high];
  for (let middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (tails(middle) > 1 - level) low = middle;
    else high = middle;
  }
  return high;
}

/** erfc(x) of x ≥ 0, with small relative error in the tail too. */
function complementaryError(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (x > 27) return 0; // below the smallest float64
  const scale = Math.exp(-x * x) / Math.sqrt(Math.PI);
  if (x < 2) {
    // erf(x) = 2·scale·Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!: no term is negative.
    let [sum, term] = [x, x];
    for (let n = 1; term > sum * Number.EPSILON / 4; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 1 - 2 * scale * sum;
  }
  // x + (1/2)/(x + 1/(x + (3/2)/(x + …))), from the far end.
  let fraction = x;
  for (let n = 200; n >= 1; n--) fraction = x + n / 2 / fraction;
  return scale / fraction;
}

/** Regularized incomplete beta function Iₓ(a, b), by its continued fraction (Numerical Recipes, section 6.4). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (Number.isNaN(x)) return NaN;
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a); // there it converges fast
  const factor = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  ) / a;
  let [c, d] = [1, 1 / (1 - (a + b) * x / (a + 1))];
  let fraction = d;
  for (let m = 1; m <= 10_000; m++) {
    const even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    fraction *= c * d;
    const odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < Number.EPSILON) break;
  }
  return factor * fraction;
}

/** ln Γ(x) of x > 0, by Lanczos' approximation with g = 7 and nine terms. */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const terms = [
    ...[676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059],
    ...[12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7],
  ];
  const base = x + 6.5;
  const series = terms.reduce((sum, term, index) => sum + term / (x + index), 0.99999999999980993);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(series);
}
