// Two methods on the same images, and many such comparisons: McNemar's test and Holm's correction.

import { accuracy, type ClassIndices } from "./classification.ts";
import { chiSquareTail } from "./distributions.ts";

/** McNemar's test. */
export interface Mcnemar {
  /** images that the first method alone has right */
  readonly onlyFirst: number;
  /** images that the second alone has right */
  readonly onlySecond: number;
  /** which of the two tests it is */
  readonly kind: "exact" | "chi-square";
  /** with continuity correction; null for the exact test */
  readonly statistic: number | null;
  /** of "both are right equally often", two-sided; 1 where they never differ */
  readonly p: number;
}

/** Images on which methods differ from which on χ² is close enough. */
const enoughForChiSquare = 25;

/**
 * McNemar's test (McNemar 1947): exact binomial below 25 images that one method alone has right, else χ² with
 * continuity correction (Edwards 1948), whose statistic is 0 where both counts are equal, as in R. Otherwise the
 * values of `statsmodels.stats.contingency_tables.mcnemar`. Images count as independent.
 *
 * @param labels true classes, `[n]`
 * @param first predicted classes of one method, `[n]`
 * @param second of the other
 * @throws {TypeError} if the lengths differ
 * @throws {RangeError} if there are no rows
 */
export function mcnemar(
  labels: ClassIndices,
  first: ClassIndices,
  second: ClassIndices,
): Mcnemar {
  for (const predictions of [first, second]) accuracy(labels, predictions); // checks them
  let [onlyFirst, onlySecond] = [0, 0];
  for (let row = 0; row < labels.length; row++) {
    const [a, b] = [first[row] === labels[row], second[row] === labels[row]];
    if (a && !b) onlyFirst++;
    if (b && !a) onlySecond++;
  }
  const total = onlyFirst + onlySecond;
  if (total < enoughForChiSquare) {
    const p = Math.min(1, 2 * fairTail(Math.min(onlyFirst, onlySecond), total));
    return { onlyFirst, onlySecond, kind: "exact", statistic: null, p };
  }
  const statistic = Math.max(0, Math.abs(onlyFirst - onlySecond) - 1) ** 2 / total;
  return { onlyFirst, onlySecond, kind: "chi-square", statistic, p: chiSquareTail(statistic) };
}

/**
 * p-values of several comparisons, adjusted so that the chance of any false alarm keeps the level (Holm 1979):
 * `statsmodels.stats.multitest.multipletests(method="holm")`.
 *
 * @param ps in any order; those that are null (n/a) stay so and do not count
 * @returns in the same order
 * @throws {RangeError} if one is not in [0, 1]
 */
export function holm(ps: readonly (number | null)[]): (number | null)[] {
  const bad = ps.find((p) => p !== null && !(p >= 0 && p <= 1));
  if (bad !== undefined) {
    throw new RangeError(`Cannot correct p-values: ${bad} is not in [0, 1]`);
  }
  const adjusted: (number | null)[] = ps.map(() => null);
  const order = [...ps.keys()].filter((index) => ps[index] !== null);
  order.sort((a, b) => ps[a]! - ps[b]!);
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (order.length - rank) * ps[index]!));
    adjusted[index] = largest;
  });
  return adjusted;
}

/** Probability of at most so many heads in so many throws of a fair coin. */
function fairTail(heads: number, throws: number): number {
  let [sum, ways] = [0, 1];
  for (let k = 0; k <= heads; k++) {
    sum += ways;
    ways = ways * (throws - k) / (k + 1);
  }
  return sum / 2 ** throws;
}
