// Do probabilities mean what they say? Brier score, expected calibration error and the reliability diagram.

import { type ClassIndices, expectScores } from "./classification.ts";
import { expectPositive } from "./thresholds.ts";

/** One bar of a reliability diagram: the images whose probability lies in `(low, high]`, the first bin with 0. */
export interface ReliabilityBin {
  /** in [0, 1] */
  readonly low: number;
  /** in [0, 1] */
  readonly high: number;
  /** how many lie in it */
  readonly images: number;
  /** mean probability, in [0, 1]; null if the bin is empty */
  readonly confidence: number | null;
  /** share of the images for which what was predicted is true, in [0, 1]; null if the bin is empty */
  readonly frequency: number | null;
}

/** Probabilities against what happened. */
export interface Calibration {
  /** expected calibration error, percent: Σ images/n · |frequency − confidence| */
  readonly ece: number;
  /** all bins of the diagram, ascending, empty ones too */
  readonly bins: readonly ReliabilityBin[];
}

/** Bins of equal width, as Guo et al. 2017 count them. */
export const defaultBins = 15;

/** float32 probabilities may exceed 1 by rounding. */
const rounding = 1e-5;

/**
 * Multi-class Brier score (Brier 1950), in [0, 2]: the mean over images of the squared distance between
 * probabilities and the true class. `sklearn.metrics.brier_score_loss(scale_by_half=False)`; for two
 * classes the usual binary score is half of it.
 *
 * @param labels true classes, `[n]`
 * @param probabilities row-major `[n, classes]`
 * @returns null (n/a) if a probability is NaN
 * @throws {TypeError} if the probabilities are not one row of `classes` per label
 * @throws {RangeError} if there are no rows, a label is no class or a probability is not in [0, 1]
 */
export function brierScore(
  labels: ClassIndices,
  probabilities: ArrayLike<number>,
  classes: number,
): number | null {
  if (!expectProbabilities("brierScore", labels, probabilities, classes)) return null;
  const all = Array.from({ length: classes }, (_, c) => c);
  return all.reduce((sum, c) => sum + classBrier(labels, probabilities, classes, c), 0);
}

/**
 * Brier score of one class against the rest, in [0, 1]: `sklearn.metrics.brier_score_loss(labels == c, p[:, c])`.
 * Parameters, n/a and errors are those of `brierScore()`.
 */
export function classBrierScore(
  labels: ClassIndices,
  probabilities: ArrayLike<number>,
  classes: number,
  positive: number,
): number | null {
  expectPositive("classBrierScore", positive, classes);
  if (!expectProbabilities("classBrierScore", labels, probabilities, classes)) return null;
  return classBrier(labels, probabilities, classes, positive);
}

/**
 * Calibration of the predicted class (Guo et al. 2017): the highest probability of each image, against how
 * often that class is right.
 *
 * @param labels true classes, `[n]`
 * @param probabilities row-major `[n, classes]`
 * @param bins of equal width
 * @returns null (n/a) if a probability is NaN
 * @throws {TypeError} if the probabilities are not one row of `classes` per label
 * @throws {RangeError} if there are no rows or bins, a label is no class or a probability is not in [0, 1]
 */
export function calibration(
  labels: ClassIndices,
  probabilities: ArrayLike<number>,
  classes: number,
  bins: number = defaultBins,
): Calibration | null {
  if (!expectProbabilities("calibration", labels, probabilities, classes)) return null;
  return binned("calibration", labels.length, bins, (row) => {
    let best = 0;
    for (let c = 1; c < classes; c++) {
      if (probabilities[row * classes + c] > probabilities[row * classes + best]) best = c;
    }
    return [probabilities[row * classes + best], labels[row] === best];
  });
}

/**
 * Calibration of one class against the rest (Kull et al. 2019): its probability in every image, against how often
 * the image is of the class. The bins are those of `sklearn.calibration.calibration_curve`. Parameters, n/a and
 * errors are those of `calibration()`.
 */
export function classCalibration(
  labels: ClassIndices,
  probabilities: ArrayLike<number>,
  classes: number,
  positive: number,
  bins: number = defaultBins,
): Calibration | null {
  expectPositive("classCalibration", positive, classes);
  if (!expectProbabilities("classCalibration", labels, probabilities, classes)) return null;
  return binned(
    "classCalibration",
    labels.length,
    bins,
    (row) => [probabilities[row * classes + positive], labels[row] === positive],
  );
}

function classBrier(
  labels: ClassIndices,
  probabilities: ArrayLike<number>,
  classes: number,
  positive: number,
): number {
  let sum = 0;
  for (let row = 0; row < labels.length; row++) {
    sum += (probabilities[row * classes + positive] - Number(labels[row] === positive)) ** 2;
  }
  return sum / labels.length;
}

/** @param outcome of a row: the probability that was given, and whether it came true */
function binned(
  name: string,
  rows: number,
  bins: number,
  outcome: (row: number) => readonly [number, boolean],
): Calibration {
  if (!Number.isInteger(bins) || bins < 1) {
    throw new RangeError(
      `Cannot compute ${name}: bins is ${bins} but a whole number of at least 1 is expected`,
    );
  }
  const width = 1 / bins;
  const edge = (index: number) => index === bins ? 1 : index * width; // as numpy.linspace
  const images = new Array<number>(bins).fill(0);
  const sums = new Array<number>(bins).fill(0);
  const hits = new Array<number>(bins).fill(0);
  for (let row = 0; row < rows; row++) {
    const [probability, isTrue] = outcome(row);
    let bin = Math.min(bins - 1, Math.max(0, Math.ceil(probability * bins) - 1));
    // The product may have been rounded over an edge.
    if (bin > 0 && probability <= edge(bin)) bin--;
    else if (bin < bins - 1 && probability > edge(bin + 1)) bin++;
    images[bin]++;
    sums[bin] += probability;
    hits[bin] += Number(isTrue);
  }
  const gaps = images.map((_, bin) => Math.abs(hits[bin] - sums[bin]));
  return {
    ece: 100 * gaps.reduce((sum, gap) => sum + gap, 0) / rows,
    bins: images.map((count, bin) => ({
      low: edge(bin),
      high: edge(bin + 1),
      images: count,
      confidence: count === 0 ? null : sums[bin] / count,
      frequency: count === 0 ? null : hits[bin] / count,
    })),
  };
}

/** Whether none is NaN. */
function expectProbabilities(
  name: string,
  labels: ClassIndices,
  probabilities: ArrayLike<number>,
  classes: number,
): boolean {
  expectScores(name, labels, probabilities, classes);
  for (let i = 0; i < probabilities.length; i++) {
    const value = probabilities[i];
    if (Number.isNaN(value)) return false;
    if (value >= -rounding && value <= 1 + rounding) continue;
    throw new RangeError(
      `Cannot compute ${name}: the probability of class ${i % classes} in row ` +
        `${
          Math.floor(i / classes)
        } is ${value}, expected one in [0, 1]; apply softmax to logits first`,
    );
  }
  return true;
}
