// The area under the precision-recall curve, as scikit-learn's average precision.

import type { ClassIndices } from "./classification.ts";
import { sweepThresholds } from "./thresholds.ts";

/**
 * Average precision of one class against the rest, percent: Σ (Rᵢ − Rᵢ₋₁)·Pᵢ over the thresholds from
 * the highest down, with recall R and precision P. No interpolation, which would flatter.
 * `sklearn.metrics.average_precision_score` gives the same, but 0 where there is no image of the class.
 *
 * @param labels true classes, `[n]`
 * @param scores row-major `[n, classes]`
 * @param positive the class
 * @returns null (n/a) if no label is of the class or one of its scores is NaN
 * @throws {TypeError} if the scores are not one row of `classes` per label
 * @throws {RangeError} if there are no rows, or a label or `positive` is no class
 */
export function averagePrecision(
  labels: ClassIndices,
  scores: ArrayLike<number>,
  classes: number,
  positive: number,
): number | null {
  const { thresholds, positives } = sweepThresholds(
    "averagePrecision",
    labels,
    scores,
    classes,
    positive,
  );
  if (positives === 0 || thresholds.some(({ threshold }) => Number.isNaN(threshold))) return null;
  let area = 0;
  let reached = 0;
  for (const { truePositives, falsePositives } of thresholds) {
    area += (truePositives - reached) * truePositives / (truePositives + falsePositives);
    reached = truePositives;
  }
  return 100 * area / positives;
}
