// Bootstrap of stored predictions: how far a metric, or a difference of two, depends on which images happen to be there.

import { RandomStream } from "../random.ts";
import type { ClassIndices } from "./classification.ts";
import { expectLevel } from "./distributions.ts";
import type { ResampledMetric } from "./resampled.ts";
import { quantile } from "./statistics.ts";

/** How to draw. */
export interface BootstrapOptions {
  /**
   * whose image each is, `[n]`: a lesion's or a patient's; images of one group are drawn together or not at all.
   * Default: every image is a group of its own
   */
  readonly groups?: ArrayLike<string | number>;
  /** default 2000 */
  readonly draws?: number;
  /** of confidence; default 0.95 */
  readonly level?: number;
  /** of the random numbers: the same seed gives the same interval; default 0 */
  readonly seed?: number;
}

/** A metric with its interval, in the metric's unit. */
export interface BootstrapInterval {
  /** of the images as they are; null (n/a) where they do not define it */
  readonly value: number | null;
  /** lower end of the percentile interval; null (n/a) if no draw defines the metric */
  readonly low: number | null;
  /** its upper end */
  readonly high: number | null;
  /** draws that define the metric */
  readonly draws: number;
  /** groups that were drawn from: images where none are given */
  readonly groups: number;
}

/** A difference with its interval, in the metric's unit. */
export interface BootstrapDifference extends BootstrapInterval {
  /** of "no difference", two-sided; null (n/a) if no draw defines both metrics */
  readonly p: number | null;
}

/** A metric of every draw. The same labels and options give the same draws: what is drawn twice is paired. */
export interface MetricDraws {
  /** of the images as they are; null (n/a) where they do not define it */
  readonly value: number | null;
  /** `[draws]`; null where a draw does not define it */
  readonly draws: readonly (number | null)[];
  /** groups that were drawn from */
  readonly groups: number;
}

/**
 * Percentile bootstrap interval of a metric (Efron and Tibshirani 1993, chapter 13), stratified: every draw has as many
 * groups of each class as there are. A group whose images differ in class is of the stratum of its set of classes.
 *
 * @param labels true classes, `[n]`
 * @param metric of a draw, such as `resampledMacroF1(labels, predictions)`
 * @throws {TypeError} if there is not one group for each label
 * @throws {RangeError} if there are no labels, or draws or level make no sense
 */
export function bootstrapInterval(
  labels: ClassIndices,
  metric: ResampledMetric,
  options: BootstrapOptions = {},
): BootstrapInterval {
  expectMetrics("bootstrapInterval", metric);
  return intervalOfDraws(drawMetrics(labels, (drawn) => [metric(drawn)], options)[0], options);
}

/**
 * Paired bootstrap of the difference of two methods on the same images: each draw judges both. The p-value is twice the
 * smaller share of draws on one side of 0, 0 itself and one more draw counted with it (Davison and Hinkley 1997,
 * section 4.2.3), so it is never 0.
 *
 * @param labels true classes, `[n]`
 * @param first metric of one method
 * @param second of the other, which is subtracted
 * @throws {TypeError | RangeError} as `bootstrapInterval()`
 */
export function bootstrapDifference(
  labels: ClassIndices,
  first: ResampledMetric,
  second: ResampledMetric,
  options: BootstrapOptions = {},
): BootstrapDifference {
  expectMetrics("bootstrapDifference", first, second);
  const [a, b] = drawMetrics(labels, (drawn) => [first(drawn), second(drawn)], options);
  return differenceOfDraws(a, b, options);
}

/**
 * Draws, and what several metrics are of each, such as those of every client and their mean.
 *
 * @param labels true classes, `[n]`; to have strata of client and class, numbers that tell both
 * @param metrics of a draw, always as many
 * @returns one for each metric
 * @throws {TypeError | RangeError} as `bootstrapInterval()`
 */
export function drawMetrics(
  labels: ClassIndices,
  metrics: (drawn: Uint32Array) => readonly (number | null)[],
  { groups, draws = 2000, level, seed = 0 }: BootstrapOptions = {},
): MetricDraws[] {
  expectMetrics("drawMetrics", metrics);
  if (typeof labels?.length !== "number") {
    throw new TypeError(`Cannot bootstrap: labels is ${labels} but a list is expected`);
  }
  expectLevel(level ?? defaultLevel);
  if (!Number.isInteger(draws) || draws < 1) {
    throw new RangeError(
      `Cannot bootstrap with ${draws} draws: expected a whole number, such as 2000`,
    );
  }
  const strata = strataOf(labels, groups);
  const random = new RandomStream(seed, bootstrapKey);
  const drawn = new Uint32Array(labels.length).fill(1);
  const series = metrics(drawn).map((value) => ({ value, draws: [] as (number | null)[] }));
  for (let draw = 0; draw < draws; draw++) {
    drawn.fill(0);
    for (const members of strata) {
      for (let pick = 0; pick < members.length; pick++) {
        for (const row of members[random.integer(members.length)]) drawn[row]++;
      }
    }
    metrics(drawn).forEach((value, index) => series[index].draws.push(value));
  }
  const count = strata.reduce((sum, members) => sum + members.length, 0);
  return series.map((each) => ({ ...each, groups: count }));
}

/** @throws {TypeError} for what is no function of a draw */
function expectMetrics(name: string, ...metrics: readonly unknown[]): void {
  const other = metrics.find((metric) => typeof metric !== "function");
  if (metrics.every((metric) => typeof metric === "function")) return;
  throw new TypeError(
    `Cannot compute ${name}: a metric is ${other} but a function of a draw is expected, such as ` +
      "resampledMacroF1(labels, predictions)",
  );
}

/** @throws {TypeError} for what `drawMetrics()` does not make */
function expectDraws(name: string, made: MetricDraws): void {
  if (Array.isArray(made?.draws)) return;
  throw new TypeError(
    `Cannot compute ${name}: ${made} has no draws; give it what drawMetrics() makes`,
  );
}

/**
 * The percentile interval of draws that are there already.
 *
 * @throws {TypeError} for what `drawMetrics()` does not make
 */
export function intervalOfDraws(
  made: MetricDraws,
  { level = defaultLevel }: Pick<BootstrapOptions, "level"> = {},
): BootstrapInterval {
  expectDraws("intervalOfDraws", made);
  const { value, draws, groups } = made;
  const values = draws.filter((each) => each !== null);
  const [low, high] = [(1 - level) / 2, (1 + level) / 2]
    .map((share) => values.length === 0 ? null : quantile(values, share));
  return { value, low, high, draws: values.length, groups };
}

/**
 * The difference of two metrics whose draws are the same.
 *
 * @throws {TypeError} if they are not as many, or not what `drawMetrics()` makes
 */
export function differenceOfDraws(
  first: MetricDraws,
  second: MetricDraws,
  options: Pick<BootstrapOptions, "level"> = {},
): BootstrapDifference {
  expectDraws("differenceOfDraws", first);
  expectDraws("differenceOfDraws", second);
  if (first.draws.length !== second.draws.length) {
    throw new TypeError(
      `Cannot pair draws: there are ${first.draws.length} and ${second.draws.length}, ` +
        "expected the same ones",
    );
  }
  const minus = (a: number | null, b: number | null) => a === null || b === null ? null : a - b;
  const differences = first.draws.map((draw, index) => minus(draw, second.draws[index]));
  const values = differences.filter((each) => each !== null);
  const below = values.filter((value) => value <= 0).length;
  const above = values.filter((value) => value >= 0).length;
  const value = minus(first.value, second.value);
  return {
    ...intervalOfDraws({ value, draws: differences, groups: first.groups }, options),
    p: values.length === 0
      ? null
      : Math.min(1, 2 * (1 + Math.min(below, above)) / (1 + values.length)),
  };
}

const defaultLevel = 0.95;

/** Tells these random numbers from others of the same seed. */
const bootstrapKey = 0xb007;

/** Rows of each group, by stratum. */
function strataOf(
  labels: ClassIndices,
  groups: ArrayLike<string | number> | undefined,
): (readonly number[])[][] {
  if (labels.length === 0) {
    throw new RangeError("Cannot bootstrap: expected at least one row, got none");
  }
  if (groups !== undefined && groups.length !== labels.length) {
    throw new TypeError(`Cannot bootstrap: ${labels.length} labels but ${groups.length} groups`);
  }
  const rowsOfGroup = new Map<string | number, number[]>();
  for (let row = 0; row < labels.length; row++) {
    const group = groups === undefined ? row : groups[row];
    const rows = rowsOfGroup.get(group);
    if (rows === undefined) rowsOfGroup.set(group, [row]);
    else rows.push(row);
  }
  const strata = new Map<string, (readonly number[])[]>();
  for (const rows of rowsOfGroup.values()) {
    const stratum = [...new Set(rows.map((row) => labels[row]))].sort((a, b) => a - b).join();
    const members = strata.get(stratum);
    if (members === undefined) strata.set(stratum, [rows]);
    else members.push(rows);
  }
  return [...strata.values()];
}
