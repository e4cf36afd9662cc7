// DeLong's test: AUCs of one class against the rest, with their variance, and the difference of two on the same images.

import { type ClassIndices, expectScores } from "./classification.ts";
import { normalQuantile, normalTails } from "./distributions.ts";
import { mean } from "./statistics.ts";
import { expectPositive } from "./thresholds.ts";

/** An AUC with its interval. */
export interface DelongInterval {
  /** percent */
  readonly auc: number;
  /** percentage points */
  readonly standardError: number;
  /** lower end of the normal interval, percent, cut at 0 and 100 */
  readonly low: number;
  /** its upper end */
  readonly high: number;
}

/** Two AUCs on the same images. */
export interface DelongDifference {
  /** percent */
  readonly first: number;
  /** percent */
  readonly second: number;
  /** first − second, percentage points */
  readonly difference: number;
  /** percentage points */
  readonly standardError: number;
  /** lower end of the normal interval of the difference, percentage points */
  readonly low: number;
  /** its upper end */
  readonly high: number;
  /** difference / standard error; null (n/a) if the standard error is 0 */
  readonly z: number | null;
  /** of "no difference", two-sided; 1 if both are equal, else null (n/a) if the standard error is 0 */
  readonly p: number | null;
}

/** An AUC in [0, 1] and the share that each image has in it. */
interface Components {
  readonly auc: number;
  /** of each image of the class: the share of the others that it stands above, ties counting 1/2 */
  readonly positives: readonly number[];
  /** of each other image: the share of the class's that stand above it */
  readonly negatives: readonly number[];
}

/**
 * AUC of one class against the rest with DeLong's variance (DeLong et al. 1988), by midranks in O(n log n) (Sun and
 * Xu 2014). Images count as independent: with several of a lesion or a patient use `bootstrapInterval()` with groups.
 *
 * @param labels true classes, `[n]`
 * @param scores row-major `[n, classes]`
 * @param positive the class
 * @param level of confidence
 * @returns null (n/a) unless two images are of the class and two are not, or if one of its scores is NaN
 * @throws {TypeError} if the scores are not one row of `classes` per label
 * @throws {RangeError} if there are no rows, a label or `positive` is no class, or the level is not between 0 and 1
 */
export function delongInterval(
  labels: ClassIndices,
  scores: ArrayLike<number>,
  classes: number,
  positive: number,
  level = 0.95,
): DelongInterval | null {
  const factor = normalQuantile(level);
  const components = componentsOf("delongInterval", labels, scores, classes, positive);
  if (components === null) return null;
  const auc = 100 * components.auc;
  const standardError = 100 * Math.sqrt(variance(components.positives, components.negatives));
  return {
    auc,
    standardError,
    low: Math.max(0, auc - factor * standardError),
    high: Math.min(100, auc + factor * standardError),
  };
}

/**
 * DeLong's test of two methods on the same images (DeLong et al. 1988). Images count as independent, as in
 * `delongInterval()`.
 *
 * @param labels true classes, `[n]`
 * @param first scores of one method, row-major `[n, classes]`
 * @param second of the other, which is subtracted
 * @param positive the class, against the rest
 * @param level of confidence
 * @returns null (n/a) unless two images are of the class and two are not, or if one of its scores is NaN
 * @throws {TypeError | RangeError} as `delongInterval()`
 */
export function delongDifference(
  labels: ClassIndices,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  classes: number,
  positive: number,
  level = 0.95,
): DelongDifference | null {
  const factor = normalQuantile(level);
  const [a, b] = [first, second].map((scores) =>
    componentsOf("delongDifference", labels, scores, classes, positive)
  );
  if (a === null || b === null) return null;
  // The variance of a difference is that of the differences of the components: no cancellation.
  const differences = (key: "positives" | "negatives") =>
    a[key].map((value, index) => value - b[key][index]);
  const standardError = 100 *
    Math.sqrt(variance(differences("positives"), differences("negatives")));
  const difference = 100 * (a.auc - b.auc);
  const z = standardError === 0 ? null : difference / standardError;
  return {
    ...{ first: 100 * a.auc, second: 100 * b.auc, difference, standardError },
    low: difference - factor * standardError,
    high: difference + factor * standardError,
    z,
    p: z !== null ? normalTails(z) : difference === 0 ? 1 : null,
  };
}

/** Null unless there are two images of each kind and no score is NaN. */
function componentsOf(
  name: string,
  labels: ClassIndices,
  scores: ArrayLike<number>,
  classes: number,
  positive: number,
): Components | null {
  expectScores(name, labels, scores, classes);
  expectPositive(name, positive, classes);
  const [own, others]: [number[], number[]] = [[], []];
  for (let row = 0; row < labels.length; row++) {
    (labels[row] === positive ? own : others).push(scores[row * classes + positive]);
  }
  const all = [...own, ...others];
  if (own.length < 2 || others.length < 2 || all.some(Number.isNaN)) return null;
  const [ranks, ownRanks, otherRanks] = [all, own, others].map(midranks);
  const positives = own.map((_, index) => (ranks[index] - ownRanks[index]) / others.length);
  const negatives = others.map((_, index) =>
    1 - (ranks[own.length + index] - otherRanks[index]) / own.length
  );
  return { auc: mean(positives), positives, negatives };
}

/** Ranks from 1; tied values share the mean of theirs. */
function midranks(values: readonly number[]): Float64Array {
  const order = Array.from(values, (_, index) => index).sort((a, b) => values[a] - values[b]);
  const ranks = new Float64Array(values.length);
  for (let first = 0, next = 0; first < order.length; first = next) {
    while (next < order.length && values[order[next]] === values[order[first]]) next++;
    for (let place = first; place < next; place++) ranks[order[place]] = (first + 1 + next) / 2;
  }
  return ranks;
}

/** Of an AUC, or of a difference, from its components. */
function variance(positives: readonly number[], negatives: readonly number[]): number {
  return [positives, negatives].reduce(
    (sum, values) => sum + sampleVariance(values) / values.length,
    0,
  );
}

function sampleVariance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}
