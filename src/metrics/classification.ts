// Classification metrics as scikit-learn defines them: accuracy, macro F1, one-vs-rest macro AUC.

import { mean, meanOfDefined } from "./statistics.ts";

/** What is reported of one model on one split. */
export interface Metrics {
  /** mean over batches of the batch mean cross-entropy, nats */
  readonly loss: number;
  /** percent */
  readonly accuracy: number;
  /** macro F1, percent */
  readonly f1: number;
  /** one-vs-rest macro AUC, percent; null where fewer than two classes occur */
  readonly auc: number | null;
}

/** Means of metrics, each over the same members. */
export interface MeanMetrics extends Metrics {
  /** where fewer members have an AUC than there are: how many, of how many */
  readonly aucOf?: { readonly defined: number; readonly members: number };
}

/** Class indices, `[n]`; typed or plain. */
export type ClassIndices = ArrayLike<number>;

/** Macro AUC with what it is a mean of. */
export interface RocAuc {
  /** mean over `classes`, percent */
  readonly auc: number;
  /** classes with both positive and negative rows, ascending */
  readonly classes: readonly number[];
  /** binary AUC of each class against the rest, percent, `[classes]`; null where undefined */
  readonly perClass: readonly (number | null)[];
}

/**
 * The class of the highest score in each row; the lowest index on ties. NaN counts as the highest
 * score, as in PyTorch, so that a diverged row is not taken for class 0.
 *
 * @param scores logits or probabilities, row-major `[n, classes]`
 * @returns class indices, `[n]`
 * @throws {TypeError} if the scores are not whole rows
 */
export function predictClasses(scores: ArrayLike<number>, classes: number): Int32Array {
  const predictions = new Int32Array(expectRows("predictClasses", scores, classes));
  for (let row = 0; row < predictions.length; row++) {
    const start = row * classes;
    let best = 0;
    for (let c = 1; c < classes && !Number.isNaN(scores[start + best]); c++) {
      const score = scores[start + c];
      if (score > scores[start + best] || Number.isNaN(score)) best = c;
    }
    predictions[row] = best;
  }
  return predictions;
}

/**
 * How often each class was predicted as each.
 *
 * @param labels true classes, `[n]`
 * @param predictions predicted classes, `[n]`
 * @returns counts, `[classes][classes]`: rows are labels, columns predictions
 * @throws {TypeError} if the lengths differ
 * @throws {RangeError} if there are no rows or an index is not in `[0, classes)`
 */
export function confusionMatrix(
  labels: ClassIndices,
  predictions: ClassIndices,
  classes: number,
): number[][] {
  expectPairs("confusionMatrix", labels, predictions);
  expectCount("confusionMatrix", classes);
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let row = 0; row < labels.length; row++) {
    const label = expectClass("confusionMatrix", labels[row], classes);
    counts[label][expectClass("confusionMatrix", predictions[row], classes)]++;
  }
  return counts;
}

/**
 * Share of rows predicted right, percent.
 *
 * @param labels true classes, `[n]`
 * @param predictions predicted classes, `[n]`
 * @throws {TypeError} if the lengths differ
 * @throws {RangeError} if there are no rows
 */
export function accuracy(labels: ClassIndices, predictions: ClassIndices): number {
  expectPairs("accuracy", labels, predictions);
  let right = 0;
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] === predictions[row]) right++;
  }
  return 100 * right / labels.length;
}

/**
 * Macro F1, percent: the plain mean of 2·TP / (2·TP + FP + FN) over the classes that occur in the
 * labels or in the predictions. A class with nothing right counts 0.
 *
 * @param labels true classes, `[n]`
 * @param predictions predicted classes, `[n]`
 * @throws {TypeError} if the lengths differ
 * @throws {RangeError} if there are no rows
 */
export function macroF1(labels: ClassIndices, predictions: ClassIndices): number {
  expectPairs("macroF1", labels, predictions);
  const right = new Map<number, number>();
  const occurrences = new Map<number, number>(); // 2·TP + FP + FN: once per label and prediction
  const count = (counts: Map<number, number>, c: number) => counts.set(c, (counts.get(c) ?? 0) + 1);
  for (let row = 0; row < labels.length; row++) {
    count(occurrences, labels[row]);
    count(occurrences, predictions[row]);
    if (labels[row] === predictions[row]) count(right, labels[row]);
  }
  let sum = 0;
  for (const [c, total] of occurrences) sum += 2 * (right.get(c) ?? 0) / total;
  return 100 * sum / occurrences.size;
}

/**
 * One-vs-rest macro AUC, percent: the plain mean over classes of the binary AUC, ties counting 1/2.
 *
 * scikit-learn, and with it the official code, stops where the labels lack a class. Here the mean
 * is then taken over the classes for which an AUC is defined, and the result names them.
 *
 * @param labels true classes, `[n]`
 * @param scores float32 probabilities, row-major `[n, classes]`; where they saturate there are ties
 * @returns null (n/a) if the labels hold fewer than two classes or a score is NaN
 * @throws {TypeError} if the scores are not one row of `classes` per label
 * @throws {RangeError} if there are no rows or a label is not in `[0, classes)`
 */
export function rocAucOvr(
  labels: ClassIndices,
  scores: ArrayLike<number>,
  classes: number,
): RocAuc | null {
  expectScores("rocAucOvr", labels, scores, classes);
  for (let i = 0; i < scores.length; i++) if (Number.isNaN(scores[i])) return null;

  const perClass = Array.from({ length: classes }, (_, c) => {
    const value = binaryAuc(labels, scores, classes, c);
    return value === null ? null : 100 * value;
  });
  const defined = [...perClass.keys()].filter((c) => perClass[c] !== null);
  if (defined.length === 0) return null;
  const auc = defined.reduce((sum, c) => sum + perClass[c]!, 0) / defined.length;
  return { auc, classes: defined, perClass };
}

/**
 * Mean of each metric. AUCs that are n/a are left out, and `aucOf` tells so; the mean AUC is n/a if all are.
 *
 * @throws {RangeError} if the list is empty
 */
export function meanMetrics(list: readonly Metrics[]): MeanMetrics {
  if (list.length === 0) throw new RangeError("Cannot take the mean of metrics: the list is empty");
  const members = list.length;
  const defined = list.filter(({ auc }) => auc !== null).length;
  return {
    loss: mean(list.map(({ loss }) => loss)),
    accuracy: mean(list.map(({ accuracy }) => accuracy)),
    f1: mean(list.map(({ f1 }) => f1)),
    auc: meanOfDefined(list.map(({ auc }) => auc)),
    ...(defined > 0 && defined < members ? { aucOf: { defined, members } } : {}),
  };
}

/**
 * AUC of one class against the rest in [0, 1], from the rank sum of its rows (Mann-Whitney U).
 * Null if all rows or none are of the class.
 */
function binaryAuc(
  labels: ClassIndices,
  scores: ArrayLike<number>,
  classes: number,
  positive: number,
): number | null {
  const score = (row: number) => scores[row * classes + positive];
  const order = Array.from({ length: labels.length }, (_, row) => row);
  order.sort((a, b) => score(a) - score(b));

  let positives = 0;
  let rankSum = 0;
  for (let first = 0, next = 0; first < order.length; first = next) {
    let tiedPositives = 0;
    for (; next < order.length && score(order[next]) === score(order[first]); next++) {
      if (labels[order[next]] === positive) tiedPositives++;
    }
    // Rows first..next-1 are tied; ranks count from 1, and each gets the mean of theirs.
    rankSum += tiedPositives * (first + 1 + next) / 2;
    positives += tiedPositives;
  }
  const negatives = labels.length - positives;
  if (positives === 0 || negatives === 0) return null;
  return (rankSum - positives * (positives + 1) / 2) / (positives * negatives);
}

function expectPairs(name: string, labels: ClassIndices, predictions: ClassIndices): void {
  expectLists(name, { labels, predictions });
  if (labels.length !== predictions.length) {
    throw new TypeError(
      `Cannot compute ${name}: ${labels.length} labels but ${predictions.length} predictions`,
    );
  }
  if (labels.length === 0) {
    throw new RangeError(`Cannot compute ${name}: expected at least one row, got none`);
  }
}

/** JavaScript would take anything. */
function expectLists(name: string, lists: Readonly<Record<string, unknown>>): void {
  for (const [argument, value] of Object.entries(lists)) {
    if (typeof value === "object" && typeof (value as ClassIndices | null)?.length === "number") {
      continue;
    }
    throw new TypeError(`Cannot compute ${name}: ${argument} is ${value} but a list is expected`);
  }
}

/** @throws {TypeError | RangeError} unless scores are one row of `classes` per label, and labels are classes */
export function expectScores(
  name: string,
  labels: ClassIndices,
  scores: ArrayLike<number>,
  classes: number,
): void {
  expectLists(name, { labels, scores });
  expectCount(name, classes);
  const rows = expectRows(name, scores, classes);
  if (rows !== labels.length) {
    throw new TypeError(
      `Cannot compute ${name}: ${labels.length} labels but scores are [${rows}, ${classes}]`,
    );
  }
  if (rows === 0) {
    throw new RangeError(`Cannot compute ${name}: expected at least one row, got none`);
  }
  for (let row = 0; row < rows; row++) expectClass(name, labels[row], classes);
}

function expectCount(name: string, classes: number): void {
  if (Number.isInteger(classes) && classes >= 1) return;
  throw new RangeError(
    `Cannot compute ${name}: classes is ${classes} but a whole number of at least 1 is expected`,
  );
}

function expectRows(name: string, scores: ArrayLike<number>, classes: number): number {
  const rows = scores.length / classes;
  if (!Number.isInteger(rows)) {
    throw new TypeError(
      `Cannot compute ${name}: ${scores.length} scores are not whole rows of ${classes} classes`,
    );
  }
  return rows;
}

function expectClass(name: string, index: number, classes: number): number {
  if (!Number.isInteger(index) || index < 0 || index >= classes) {
    throw new RangeError(
      `Cannot compute ${name}: class index ${index} is not an integer in [0, ${classes})`,
    );
  }
  return index;
}
