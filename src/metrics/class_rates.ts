// What follows from a confusion matrix: rates of each class against the rest, and how far labels and predictions agree.

/**
 * One class against the rest. Rates are in percent; null (n/a) where there is nothing to count, as with
 * scikit-learn's `zero_division=nan`.
 */
export interface ClassRates {
  /** images of the class */
  readonly images: number;
  /** recall: of the class's images, those predicted so; n/a without such images */
  readonly sensitivity: number | null;
  /** of the other classes' images, those not predicted so; n/a without such images */
  readonly specificity: number | null;
  /** mean of sensitivity and specificity; n/a where one of them is */
  readonly balancedAccuracy: number | null;
  /** positive predictive value, precision; n/a if the class is never predicted */
  readonly ppv: number | null;
  /** negative predictive value; n/a if the class is always predicted */
  readonly npv: number | null;
  /** n/a if the class occurs neither in the labels nor in the predictions */
  readonly f1: number | null;
  /** Matthews correlation coefficient, in [−1, 1]; 0 where it is undefined, as in scikit-learn */
  readonly mcc: number;
  /** Cohen's kappa, in [−1, 1]; n/a if labels and predictions hold one and the same of the two alone */
  readonly kappa: number | null;
}

/** Counts `[classes][classes]`: rows are labels, columns predictions. */
export type ConfusionCounts = readonly (readonly number[])[];

/** @throws {TypeError} unless they are as many rows as columns */
function expectCounts(name: string, counts: ConfusionCounts): void {
  const isSquare = Array.isArray(counts) && counts.length > 0 &&
    counts.every((row) => Array.isArray(row) && row.length === counts.length);
  if (isSquare) return;
  throw new TypeError(
    `Cannot compute ${name}: counts is ${counts} but a list of rows is expected, as many as classes and as long`,
  );
}

/**
 * Rates of each class of a confusion matrix, `[classes]`.
 *
 * @throws {TypeError} unless it is square
 */
export function classRates(counts: ConfusionCounts): ClassRates[] {
  expectCounts("classRates", counts);
  const total = sum(counts.map(sum));
  return counts.map((row, c) => {
    const hits = row[c];
    const misses = sum(row) - hits;
    const falseAlarms = sum(counts.map((other) => other[c])) - hits;
    const rejections = total - hits - misses - falseAlarms;
    const sensitivity = share(hits, hits + misses);
    const specificity = share(rejections, rejections + falseAlarms);
    const isDefined = sensitivity !== null && specificity !== null;
    const pair = [[rejections, falseAlarms], [misses, hits]];
    return {
      images: hits + misses,
      sensitivity,
      specificity,
      balancedAccuracy: isDefined ? (sensitivity + specificity) / 2 : null,
      ppv: share(hits, hits + falseAlarms),
      npv: share(rejections, rejections + misses),
      f1: share(2 * hits, 2 * hits + misses + falseAlarms),
      mcc: matthews(pair),
      kappa: cohenKappa(pair),
    };
  });
}

/**
 * Matthews correlation coefficient of any number of classes (Gorodkin 2004), in [−1, 1]; 0 where labels or
 * predictions are all of one class, as `sklearn.metrics.matthews_corrcoef`.
 */
export function matthews(counts: ConfusionCounts): number {
  expectCounts("matthews", counts);
  const { total, right, labels, predictions } = margins(counts);
  const deviation = (values: readonly number[]) => total ** 2 - dot(values, values);
  const product = deviation(labels) * deviation(predictions);
  return product === 0 ? 0 : (right * total - dot(labels, predictions)) / Math.sqrt(product);
}

/**
 * Cohen's kappa (Cohen 1960), in [−1, 1]: agreement beyond what the margins alone would give. Null (n/a) if labels
 * and predictions are all of one and the same class, where `sklearn.metrics.cohen_kappa_score` is NaN.
 */
export function cohenKappa(counts: ConfusionCounts): number | null {
  expectCounts("cohenKappa", counts);
  const { total, right, labels, predictions } = margins(counts);
  const expected = dot(labels, predictions); // times total
  const disagreement = total ** 2 - expected;
  return disagreement === 0 ? null : 1 - (total - right) * total / disagreement;
}

/** Mean F1 of the classes, each weighted by its images, percent: `sklearn.metrics.f1_score(average="weighted")`. */
export function weightedF1(rates: readonly ClassRates[]): number {
  const images = sum(rates.map((rate) => rate.images));
  return sum(rates.map((rate) => rate.images * (rate.f1 ?? 0))) / images;
}

function margins(counts: ConfusionCounts) {
  const labels = counts.map(sum);
  return {
    total: sum(labels),
    right: sum(counts.map((row, c) => row[c])),
    labels,
    predictions: counts.map((_, c) => sum(counts.map((row) => row[c]))),
  };
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : 100 * part / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return sum(a.map((value, index) => value * b[index]));
}
