// Every threshold of one class against the rest, with what reaches it: what curves and operating points are made of.

import { type ClassIndices, expectScores } from "./classification.ts";

/** One threshold: an image is called positive if its score is at least that. */
export interface Threshold {
  readonly threshold: number;
  /** images of the class that reach it */
  readonly truePositives: number;
  /** images of other classes that reach it */
  readonly falsePositives: number;
}

/** Thresholds of one class against the rest, and how many images there are of each. */
export interface ThresholdSweep {
  /** one for each different score, from the highest to the lowest */
  readonly thresholds: readonly Threshold[];
  readonly positives: number;
  readonly negatives: number;
}

/**
 * Counts what reaches each score of a class.
 *
 * @param name of the caller, for errors
 * @param scores row-major `[n, classes]`
 * @throws {TypeError | RangeError} as `expectScores()`, or if `positive` is no class
 */
export function sweepThresholds(
  name: string,
  labels: ClassIndices,
  scores: ArrayLike<number>,
  classes: number,
  positive: number,
): ThresholdSweep {
  expectScores(name, labels, scores, classes);
  expectPositive(name, positive, classes);
  const score = (row: number) => scores[row * classes + positive];
  const order = Array.from({ length: labels.length }, (_, row) => row);
  order.sort((a, b) => score(b) - score(a));
  const thresholds: Threshold[] = [];
  let [truePositives, falsePositives] = [0, 0];
  order.forEach((row, index) => {
    if (labels[row] === positive) truePositives++;
    else falsePositives++;
    const isTied = index + 1 < order.length && score(order[index + 1]) === score(row);
    if (!isTied) thresholds.push({ threshold: score(row), truePositives, falsePositives });
  });
  return { thresholds, positives: truePositives, negatives: falsePositives };
}

/** @throws {RangeError} unless the positive class is one */
export function expectPositive(name: string, positive: number, classes: number): void {
  if (Number.isInteger(positive) && positive >= 0 && positive < classes) return;
  throw new RangeError(
    `Cannot compute ${name}: the positive class is ${positive}, expected an integer in [0, ${classes})`,
  );
}
