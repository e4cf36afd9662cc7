// Which differences between methods are more than chance: every two of them on the same test images.

import { type BootstrapDifference, differenceOfDraws } from "../../metrics/bootstrap.ts";
import { holm } from "../../metrics/paired_tests.ts";
import type { MethodRuns } from "./method_runs.ts";
import { type DrawnMetric, isSameTest, meanDraws, resultDraws } from "./result_draws.ts";
import { resultOf, type ResultView } from "./result_views.ts";

/** Two methods' averages over clients, percentage points. */
export interface Difference {
  readonly first: MethodRuns;
  readonly second: MethodRuns;
  /** first − second over images, of the mean over seeds; p as it is */
  readonly overImages: BootstrapDifference;
  /** p after Holm's correction over all pairs */
  readonly corrected: number | null;
  /** that were corrected together */
  readonly comparisons: number;
  /** first − second of every seed that both have */
  readonly bySeed: readonly number[];
}

/**
 * The largest set of methods all of whose runs stored predictions of the same images; of equal ones that of the first
 * method.
 */
export function comparable(methods: readonly MethodRuns[], view: ResultView): MethodRuns[] {
  const drawn = methods.filter(({ runs }) => runs.every((run) => resultDraws(run, view) !== null));
  const isAlike = (a: MethodRuns, b: MethodRuns) =>
    [...a.runs, ...b.runs].every((run) => isSameTest(run, a.runs[0], view));
  return drawn.map((one) => drawn.filter((other) => isAlike(one, other)))
    .reduce((largest, set) => set.length > largest.length ? set : largest, []);
}

/** Every pair of comparable methods, in their order; none where the difference is not defined. */
export function differences(
  methods: readonly MethodRuns[],
  metric: DrawnMetric,
  view: ResultView,
): Difference[] {
  const draws = methods.map(({ runs }) =>
    meanDraws(runs.map((run) => resultDraws(run, view)![metric].average))
  );
  const pairs = methods.flatMap((first, a) =>
    methods.slice(a + 1).map((second, index) => ({
      ...{ first, second, bySeed: pairedBySeed(first, second, metric, view) },
      overImages: differenceOfDraws(draws[a], draws[a + 1 + index]),
    }))
  );
  const corrected = holm(pairs.map(({ overImages }) => overImages.p));
  const comparisons = corrected.filter((p) => p !== null).length;
  return pairs.map((pair, k) => ({ ...pair, corrected: corrected[k], comparisons }))
    .filter(({ overImages: { value } }) => value !== null);
}

/**
 * The method that is better than each other one over the images (p < 0.05; all have to hold, so nothing is to be
 * corrected: Berger's intersection-union test) and in every seed. Null if there is none, if some method cannot be
 * compared, or if methods have other seeds.
 */
export function bestMethod(
  methods: readonly MethodRuns[],
  metric: DrawnMetric,
  view: ResultView,
): MethodRuns | null {
  if (methods.length < 2 || comparable(methods, view).length < methods.length) return null;
  const pairs = differences(methods, metric, view);
  return methods.find((method) => {
    const own = pairs.filter(({ first, second }) => first === method || second === method);
    return own.length === methods.length - 1 &&
      own.every((pair) => isClear(pair, pair.first === method ? 1 : -1));
  }) ?? null;
}

/** @param sign 1 if the first is to be better, -1 if the second */
function isClear({ first, second, overImages, bySeed }: Difference, sign: 1 | -1): boolean {
  const { value, p } = overImages;
  const isPaired = [first, second].every(({ runs }) => runs.length === bySeed.length);
  return isPaired && sign * value! > 0 && p !== null && p < 0.05 &&
    bySeed.every((each) => sign * each > 0);
}

function pairedBySeed(
  first: MethodRuns,
  second: MethodRuns,
  metric: DrawnMetric,
  view: ResultView,
): number[] {
  return first.runs.flatMap((run) => {
    const other = second.runs.find(({ seed }) => seed !== null && seed === run.seed);
    const [a, b] = [run, other].map((one) => one ? resultOf(one, null, metric, view) : null);
    return a === null || b === null ? [] : [a - b];
  });
}
