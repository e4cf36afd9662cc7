// Metrics of bootstrap draws: prepared once, then computed from how often each image was drawn.

import { type ClassIndices, confusionMatrix, expectScores } from "./classification.ts";

/**
 * A metric of a draw.
 *
 * @param drawn how often each image was drawn, `[n]`; once each is the metric of the images as they are
 * @returns null (n/a) where the draw does not define it
 */
export type ResampledMetric = (drawn: ArrayLike<number>) => number | null;

/**
 * `accuracy()` of draws, percent.
 *
 * @throws {TypeError | RangeError} as `confusionMatrix()`
 */
export function resampledAccuracy(
  labels: ClassIndices,
  predictions: ClassIndices,
): ResampledMetric {
  const { pairs, classes } = pairsOf(labels, predictions);
  return (drawn) => {
    let [right, total] = [0, 0];
    for (let row = 0; row < pairs.length; row++) {
      total += drawn[row];
      if (pairs[row] % (classes + 1) === 0) right += drawn[row]; // on the diagonal
    }
    return total === 0 ? null : 100 * right / total;
  };
}

/**
 * `macroF1()` of draws, percent: over the classes that occur in the draw.
 *
 * @throws {TypeError | RangeError} as `confusionMatrix()`
 */
export function resampledMacroF1(
  labels: ClassIndices,
  predictions: ClassIndices,
): ResampledMetric {
  const { pairs, classes } = pairsOf(labels, predictions);
  const counts = new Float64Array(classes * classes);
  return (drawn) => {
    counts.fill(0);
    for (let row = 0; row < pairs.length; row++) counts[pairs[row]] += drawn[row];
    let [sum, occurring] = [0, 0];
    for (let c = 0; c < classes; c++) {
      let occurrences = 0;
      for (let other = 0; other < classes; other++) {
        occurrences += counts[c * classes + other] + counts[other * classes + c];
      }
      if (occurrences === 0) continue;
      occurring++;
      sum += 2 * counts[c * classes + c] / occurrences;
    }
    return occurring === 0 ? null : 100 * sum / occurring;
  };
}

/**
 * The macro AUC of `rocAucOvr()` of draws, percent: over the classes for which the draw defines one.
 *
 * @param scores row-major `[n, classes]`
 * @throws {TypeError | RangeError} as `rocAucOvr()`
 */
export function resampledRocAuc(
  labels: ClassIndices,
  scores: ArrayLike<number>,
  classes: number,
): ResampledMetric {
  expectScores("resampledRocAuc", labels, scores, classes);
  for (let i = 0; i < scores.length; i++) if (Number.isNaN(scores[i])) return () => null;
  const areas = Array.from({ length: classes }, (_, c) => binaryArea(labels, scores, classes, c));
  return (drawn) => {
    let [sum, defined] = [0, 0];
    for (const area of areas) {
      const value = area(drawn);
      if (value === null) continue;
      sum += value;
      defined++;
    }
    return defined === 0 ? null : 100 * sum / defined;
  };
}

/** AUC of one class against the rest, in [0, 1], for any number of each row. */
function binaryArea(
  labels: ClassIndices,
  scores: ArrayLike<number>,
  classes: number,
  positive: number,
): ResampledMetric {
  const score = (row: number) => scores[row * classes + positive];
  const order = Int32Array.from({ length: labels.length }, (_, row) => row);
  order.sort((a, b) => score(a) - score(b));
  const isPositive = Uint8Array.from(order, (row) => Number(labels[row] === positive));
  const isLastOfTie = Uint8Array.from(
    order,
    (row, index) => Number(index + 1 === order.length || score(order[index + 1]) !== score(row)),
  );
  return (drawn) => {
    let [positives, negatives, tiedPositives, tiedNegatives, pairs] = [0, 0, 0, 0, 0];
    for (let index = 0; index < order.length; index++) {
      if (isPositive[index]) tiedPositives += drawn[order[index]];
      else tiedNegatives += drawn[order[index]];
      if (!isLastOfTie[index]) continue;
      pairs += tiedPositives * (negatives + tiedNegatives / 2);
      positives += tiedPositives;
      negatives += tiedNegatives;
      tiedPositives = tiedNegatives = 0;
    }
    return positives === 0 || negatives === 0 ? null : pairs / (positives * negatives);
  };
}

/** The cell of each row in a flat confusion matrix. */
function pairsOf(labels: ClassIndices, predictions: ClassIndices) {
  let classes = 1;
  for (const list of [labels, predictions]) {
    for (let row = 0; row < list.length; row++) classes = Math.max(classes, list[row] + 1);
  }
  confusionMatrix(labels, predictions, classes); // checks both
  const pairs = Int32Array.from(
    { length: labels.length },
    (_, row) => labels[row] * classes + predictions[row],
  );
  return { pairs, classes };
}
