// ROC curves, each class against the rest.

import { type ClassIndices, expectScores } from "./classification.ts";

/** One threshold of a classifier; both rates in [0, 1]. */
export interface RocPoint {
  /** share of the other classes' rows that reach the threshold */
  readonly falsePositives: number;
  /** share of the class's own rows that reach it */
  readonly truePositives: number;
}

/**
 * ROC curve of one class against the rest, from (0, 0) to (1, 1), without the points on a straight line
 * between others. The area under it is the class's AUC in `rocAucOvr()`.
 *
 * @param labels true classes, `[n]`
 * @param scores row-major `[n, classes]`
 * @param positive the class
 * @throws {TypeError} if the scores are not one row of `classes` per label
 * @throws {RangeError} if a label is no class, or all rows or none are of the class
 */
export function rocCurve(
  labels: ClassIndices,
  scores: ArrayLike<number>,
  classes: number,
  positive: number,
): RocPoint[] {
  expectScores("rocCurve", labels, scores, classes);
  const score = (row: number) => scores[row * classes + positive];
  const order = Array.from({ length: labels.length }, (_, row) => row);
  order.sort((a, b) => score(b) - score(a));
  const positives = order.filter((row) => labels[row] === positive).length;
  const negatives = labels.length - positives;
  if (positives === 0 || negatives === 0) {
    throw new RangeError(
      `Cannot compute rocCurve: ${positives} of ${labels.length} rows are of class ${positive}, ` +
        "expected some of it and some of others",
    );
  }
  const counts: [number, number][] = [[0, 0]];
  let [wrong, right] = [0, 0];
  order.forEach((row, index) => {
    if (labels[row] === positive) right++;
    else wrong++;
    const isTied = index + 1 < order.length && score(order[index + 1]) === score(row);
    if (isTied) return; // one threshold takes them all
    const [middle, start] = [counts[counts.length - 1], counts[counts.length - 2]];
    const isStraight = start !== undefined &&
      (middle[0] - start[0]) * (right - middle[1]) === (wrong - middle[0]) * (middle[1] - start[1]);
    if (isStraight) counts.pop();
    counts.push([wrong, right]);
  });
  return counts.map(([wrong, right]) => ({
    falsePositives: wrong / negatives,
    truePositives: right / positives,
  }));
}
