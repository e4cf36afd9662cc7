// Which images a model gets wrong, the worst first.

import { predictClasses } from "../metrics/classification.ts";

/** Images of one model that are shown. */
export const mostMistakes = 24;

/** An image that a model takes for what it is not. */
export interface Mistake {
  /** its place in the split */
  readonly row: number;
  readonly label: number;
  readonly predicted: number;
  /** of each class */
  readonly probabilities: readonly number[];
}

/**
 * All mistakes, those first of whose true class the model was least convinced; among equals in the split's order.
 *
 * @param labels true classes, `[images]`
 * @param probabilities row-major `[images, classes]`
 */
export function mistakesOf(
  labels: Int32Array,
  probabilities: Float32Array,
  classes: number,
): Mistake[] {
  const predicted = predictClasses(probabilities, classes);
  const mistakes = [...labels].flatMap((label, row): Mistake[] => {
    if (predicted[row] === label) return [];
    const own = [...probabilities.subarray(row * classes, (row + 1) * classes)];
    return [{ row, label, predicted: predicted[row], probabilities: own }];
  });
  return mistakes.sort((a, b) => a.probabilities[a.label] - b.probabilities[b.label]);
}
