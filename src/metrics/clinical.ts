// What a clinician asks of a classifier: every rate of each class against the rest, their means, and calibration.

import {
  brierScore,
  calibration,
  classBrierScore,
  classCalibration,
  defaultBins,
  type ReliabilityBin,
} from "./calibration.ts";
import { type ClassRates, classRates, cohenKappa, matthews, weightedF1 } from "./class_rates.ts";
import {
  accuracy,
  type ClassIndices,
  confusionMatrix,
  expectScores,
  macroF1,
  predictClasses,
  rocAucOvr,
} from "./classification.ts";
import { averagePrecision } from "./precision_recall.ts";
import { meanOfDefined } from "./statistics.ts";

/** One class against the rest. Rates are in percent; null is n/a. */
export interface ClinicalClass extends ClassRates {
  /** area under the ROC curve, percent; n/a if all images or none are of the class */
  readonly auc: number | null;
  /** area under the precision-recall curve (average precision), percent; n/a without images of the class */
  readonly prAuc: number | null;
  /** in [0, 1] */
  readonly brier: number | null;
  /** expected calibration error of the class's probability, percent */
  readonly ece: number | null;
}

/** What has a mean over the classes. */
export type ClinicalMeasure = Exclude<keyof ClinicalClass, "images">;

/** A mean that says how many it is of. */
export interface MeanOverClasses {
  /** null (n/a) if it is for all classes */
  readonly mean: number | null;
  /** classes for which there is a value */
  readonly classes: number;
}

/** All classes taken together. */
export interface ClinicalOverall {
  /** how many there are */
  readonly images: number;
  /** percent */
  readonly accuracy: number;
  /** mean sensitivity of the classes that occur, percent: `sklearn.metrics.balanced_accuracy_score` */
  readonly balancedAccuracy: number;
  /** percent */
  readonly macroF1: number;
  /** percent */
  readonly weightedF1: number;
  /** one-vs-rest macro AUC, percent; null (n/a) if fewer than two classes occur */
  readonly auc: number | null;
  /** in [−1, 1] */
  readonly mcc: number;
  /** in [−1, 1]; null (n/a) if labels and predictions are all of one and the same class */
  readonly kappa: number | null;
  /** in [0, 2] */
  readonly brier: number | null;
  /** expected calibration error of the predicted class, percent */
  readonly ece: number | null;
  /** bins of the reliability diagram of the predicted class; empty if a probability is NaN */
  readonly reliability: readonly ReliabilityBin[];
}

/** All clinical metrics of one model on some images. */
export interface ClinicalMetrics {
  /** `[classes]` */
  readonly classes: readonly ClinicalClass[];
  /** plain means over the classes that have a value */
  readonly means: Readonly<Record<ClinicalMeasure, MeanOverClasses>>;
  /** of all classes together, and of the predicted class */
  readonly overall: ClinicalOverall;
}

const measures: readonly ClinicalMeasure[] = [
  ...["sensitivity", "specificity", "balancedAccuracy", "ppv", "npv", "f1"] as const,
  ...["auc", "prAuc", "mcc", "kappa", "brier", "ece"] as const,
];

/**
 * Clinical metrics of one model. The predicted class is that of the highest probability. Each equals the function of
 * scikit-learn of that name; where that has no value or only one by convention, it is null, unless said otherwise.
 *
 * @param labels true classes, `[n]`
 * @param probabilities row-major `[n, classes]`; with NaN among them what needs probabilities is null
 * @param classes how many there are
 * @param bins of the reliability diagrams
 * @throws {TypeError} if the probabilities are not one row of `classes` per label
 * @throws {RangeError} if there are no rows, a label is no class or a probability is not in [0, 1]
 */
export function clinicalMetrics(
  labels: ClassIndices,
  probabilities: ArrayLike<number>,
  classes: number,
  bins: number = defaultBins,
): ClinicalMetrics {
  expectScores("clinicalMetrics", labels, probabilities, classes);
  const predictions = predictClasses(probabilities, classes);
  const counts = confusionMatrix(labels, predictions, classes);
  const roc = rocAucOvr(labels, probabilities, classes);
  const rates = classRates(counts);
  const perClass = rates.map((rate, c): ClinicalClass => ({
    ...rate,
    auc: roc?.perClass[c] ?? null,
    prAuc: averagePrecision(labels, probabilities, classes, c),
    brier: classBrierScore(labels, probabilities, classes, c),
    ece: classCalibration(labels, probabilities, classes, c, bins)?.ece ?? null,
  }));
  const reliability = calibration(labels, probabilities, classes, bins);
  return {
    classes: perClass,
    means: Object.fromEntries(
      measures.map((measure) => [measure, meanOver(perClass, measure)]),
    ) as ClinicalMetrics["means"],
    overall: {
      images: labels.length,
      accuracy: accuracy(labels, predictions),
      balancedAccuracy: meanOver(perClass, "sensitivity").mean!, // some class occurs
      macroF1: macroF1(labels, predictions),
      weightedF1: weightedF1(rates),
      auc: roc?.auc ?? null,
      mcc: matthews(counts),
      kappa: cohenKappa(counts),
      brier: brierScore(labels, probabilities, classes),
      ece: reliability?.ece ?? null,
      reliability: reliability?.bins ?? [],
    },
  };
}

function meanOver(
  classes: readonly ClinicalClass[],
  measure: ClinicalMeasure,
): MeanOverClasses {
  const values = classes.map((each) => each[measure]);
  return { mean: meanOfDefined(values), classes: values.filter((value) => value !== null).length };
}
