// What repetitions with other seeds tell: mean, standard deviation and the interval of Student's t.

import { studentQuantile } from "./distributions.ts";
import { deviation, mean } from "./statistics.ts";

/** A mean over seeds. */
export interface SeedInterval {
  /** in the values' unit */
  readonly mean: number;
  /** of the sample (divided by n − 1); null (n/a) with one seed */
  readonly deviation: number | null;
  /** lower end of the confidence interval of the mean; null (n/a) with one seed */
  readonly low: number | null;
  /** its upper end */
  readonly high: number | null;
  /** how many there are */
  readonly seeds: number;
}

/**
 * Mean over seeds, mean ± t·s/√n: `scipy.stats.t.interval`. It tells how training scatters; how far the test images
 * themselves are a matter of chance is told by `bootstrapInterval()`.
 *
 * @param values one of each seed, in any unit; for two methods their differences, seed by seed
 * @param level of confidence
 * @throws {RangeError} if the list is empty or the level is not between 0 and 1
 */
export function seedInterval(values: readonly number[], level = 0.95): SeedInterval {
  if (typeof values?.length !== "number") {
    throw new TypeError(`Cannot take the mean over seeds: ${values} is no list of numbers`);
  }
  const seeds = values.length;
  if (seeds === 0) throw new RangeError("Cannot take the mean over seeds: the list is empty");
  const centre = mean(values);
  const factor = studentQuantile(level, Math.max(1, seeds - 1));
  if (seeds === 1) return { mean: centre, deviation: null, low: null, high: null, seeds };
  const spread = deviation(values);
  const half = factor * spread / Math.sqrt(seeds);
  return { mean: centre, deviation: spread, low: centre - half, high: centre + half, seeds };
}
