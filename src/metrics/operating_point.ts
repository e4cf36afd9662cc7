// Operating points of one class against the rest: thresholds chosen on validation data, judged on test data.

import type { ClassIndices } from "./classification.ts";
import { sweepThresholds, type Threshold } from "./thresholds.ts";

/** What a threshold does on some images. Rates are in percent; null (n/a) where there is nothing to count. */
export interface OperatingPoint {
  /** an image is called positive if its score is at least that; Infinity calls none positive */
  readonly threshold: number;
  /** of the class's images, those called positive */
  readonly sensitivity: number | null;
  /** of the others, those not called positive */
  readonly specificity: number | null;
  /** positive predictive value, precision */
  readonly ppv: number | null;
  /** negative predictive value */
  readonly npv: number | null;
}

/**
 * The threshold with the largest Youden index J = sensitivity + specificity − 1 (Youden 1950), of equal
 * ones the highest: the first maximum over `sklearn.metrics.roc_curve(drop_intermediate=False)`. Choose
 * it on validation data; on the test data themselves it flatters.
 *
 * @param labels true classes, `[n]`
 * @param scores row-major `[n, classes]`
 * @param positive the class
 * @throws {TypeError} if the scores are not one row of `classes` per label
 * @throws {RangeError} if a label is no class, a score is NaN, or all rows or none are of the class
 */
export function youdenThreshold(
  labels: ClassIndices,
  scores: ArrayLike<number>,
  classes: number,
  positive: number,
): number {
  const { points, positives, negatives } = curveOf(
    "youdenThreshold",
    labels,
    scores,
    classes,
    positive,
  );
  // J times positives times negatives: whole numbers, so that ties are ties.
  const index = ({ truePositives, falsePositives }: Threshold) =>
    truePositives * negatives - falsePositives * positives;
  return points.reduce((best, point) => index(point) > index(best) ? point : best).threshold;
}

/**
 * The threshold with the highest sensitivity among those whose specificity is at least the wanted one;
 * of equal ones the highest. Infinity if only calling nothing positive is as specific as that.
 *
 * @param labels true classes, `[n]`
 * @param scores row-major `[n, classes]`
 * @param positive the class
 * @param specificity percent, such as 90 or 95
 * @throws {TypeError} if the scores are not one row of `classes` per label
 * @throws {RangeError} if `specificity` is not in [0, 100], a label is no class, a score is NaN, or all
 * rows or none are of the class
 */
export function thresholdAtSpecificity(
  labels: ClassIndices,
  scores: ArrayLike<number>,
  classes: number,
  positive: number,
  specificity: number,
): number {
  const name = "thresholdAtSpecificity";
  if (!(specificity >= 0 && specificity <= 100)) {
    throw new RangeError(
      `Cannot compute ${name}: specificity is ${specificity}, expected percent in [0, 100]`,
    );
  }
  const { points, negatives } = curveOf(name, labels, scores, classes, positive);
  return points
    .filter(({ falsePositives }) => 100 * (negatives - falsePositives) / negatives >= specificity)
    .reduce((best, point) => point.truePositives > best.truePositives ? point : best).threshold;
}

/**
 * Judges a threshold.
 *
 * @param labels true classes, `[n]`
 * @param scores row-major `[n, classes]`
 * @param positive the class
 * @param threshold a score of at least that calls an image positive
 * @throws {TypeError} if the scores are not one row of `classes` per label
 * @throws {RangeError} if there are no rows, or a label or `positive` is no class, or the threshold is NaN
 */
export function operateAt(
  labels: ClassIndices,
  scores: ArrayLike<number>,
  classes: number,
  positive: number,
  threshold: number,
): OperatingPoint {
  if (Number.isNaN(threshold)) {
    throw new RangeError("Cannot compute operateAt: the threshold is NaN, expected a score");
  }
  const { thresholds, positives, negatives } = sweepThresholds(
    "operateAt",
    labels,
    scores,
    classes,
    positive,
  );
  const reached = thresholds.findLast((point) => point.threshold >= threshold);
  const { truePositives, falsePositives } = reached ?? { truePositives: 0, falsePositives: 0 };
  const trueNegatives = negatives - falsePositives;
  return {
    threshold,
    sensitivity: share(truePositives, positives),
    specificity: share(trueNegatives, negatives),
    ppv: share(truePositives, truePositives + falsePositives),
    npv: share(trueNegatives, trueNegatives + positives - truePositives),
  };
}

/** Points from "none is positive" to "all are". */
function curveOf(
  name: string,
  labels: ClassIndices,
  scores: ArrayLike<number>,
  classes: number,
  positive: number,
) {
  const { thresholds, positives, negatives } = sweepThresholds(
    name,
    labels,
    scores,
    classes,
    positive,
  );
  if (positives === 0 || negatives === 0) {
    throw new RangeError(
      `Cannot compute ${name}: ${positives} of ${labels.length} rows are of class ${positive}, ` +
        "expected some of it and some of others",
    );
  }
  if (thresholds.some(({ threshold }) => Number.isNaN(threshold))) {
    throw new RangeError(`Cannot compute ${name}: a score of class ${positive} is NaN`);
  }
  const none: Threshold = { threshold: Infinity, truePositives: 0, falsePositives: 0 };
  return { points: [none, ...thresholds], positives, negatives };
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : 100 * part / whole;
}
