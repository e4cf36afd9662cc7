// A comparison of two methods in one sentence, as a paper would state it.

/** Two methods on the same images. Numbers in percentage points. */
export interface StatedComparison {
  /** name of one method */
  readonly first: string;
  /** name of the other, which is subtracted */
  readonly second: string;
  /** such as "F1" */
  readonly metric: string;
  /** first − second */
  readonly difference: number;
  /** lower end of its interval; null where there is none */
  readonly low: number | null;
  /** its upper end */
  readonly high: number | null;
  /** two-sided, adjusted by `holm()` if there are several comparisons; null where there is none */
  readonly p: number | null;
  /** that were adjusted together; 1 is none */
  readonly comparisons: number;
  /** runs of each method; of both by themselves where they differ */
  readonly seeds: number | readonly [first: number, second: number];
}

/**
 * "PRR-FL − FedBN: +3.1 F1 [0.4, 5.9], p = 0.03 after Holm; one seed".
 *
 * @throws {TypeError} without a difference
 */
export function comparisonSentence(comparison: StatedComparison): string {
  if (typeof comparison?.difference !== "number") {
    throw new TypeError(
      `Cannot state a comparison: its difference is ${comparison?.difference} but a number is expected`,
    );
  }
  const { first, second, metric, difference, low, high, p, comparisons, seeds } = comparison;
  const interval = low === null || high === null ? "" : ` [${points(low)}, ${points(high)}]`;
  const size = points(Math.abs(difference));
  const sign = Number(size) === 0 ? "±" : difference < 0 ? "−" : "+";
  const corrected = p !== null && comparisons > 1 ? " after Holm" : "";
  return `${first} − ${second}: ${sign}${size} ${metric}${interval}, ${
    probability(p)
  }${corrected}; ` +
    seedsWords(seeds);
}

function seedsWords(seeds: StatedComparison["seeds"]): string {
  if (typeof seeds !== "number") {
    const [first, second] = seeds.map(seedsWords);
    return first === second ? first : `${first} and ${second}`;
  }
  return seeds === 1 ? "one seed" : `${seeds} seeds`;
}

/** With a minus sign, which no rounding leaves in front of 0. */
function points(value: number): string {
  const digits = Math.abs(value).toFixed(1);
  return value < 0 && Number(digits) !== 0 ? `−${digits}` : digits;
}

/** Two digits, or four where two would put it on the other side of 5 %. */
function probability(p: number | null): string {
  if (p === null) return "p n/a";
  if (p < 0.001) return "p < 0.001";
  const rounded = Number(p.toPrecision(2));
  return `p = ${rounded < 0.05 === p < 0.05 ? rounded : Number(p.toPrecision(4))}`;
}
