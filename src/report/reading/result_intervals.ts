// How far results depend on which images the test sets hold: bootstrap draws of stored predictions.

import {
  type BootstrapInterval,
  drawMetrics,
  intervalOfDraws,
  type MetricDraws,
} from "../../metrics/bootstrap.ts";
import { predictClasses } from "../../metrics/classification.ts";
import { resampledMacroF1, resampledRocAuc } from "../../metrics/resampled.ts";
import { meanOfDefined } from "../../metrics/statistics.ts";
import type { Predictions } from "../files/predictions.ts";
import type { RecordedRun } from "./recorded_run.ts";

/** Metrics that have an interval, percent. */
export type IntervalMetric = "f1" | "auc";

/** Intervals of one run's personal models after the last communication, whose predictions are stored. */
export type ResultIntervals = Readonly<
  Record<IntervalMetric, {
    /** in the order of the run's clients */
    readonly clients: readonly BootstrapInterval[];
    /** of the plain mean over clients, as tables have it */
    readonly average: BootstrapInterval;
    /** what that average is of each draw; the same draws for all runs with the same test labels */
    readonly draws: MetricDraws;
  }>
>;

/** By what they were made from: table, page and CSV of one report need the same. */
const known = new WeakMap<Predictions, ResultIntervals>();

/**
 * Intervals of a run; null where it stored no predictions. Each draw takes as many images of every class of every
 * client as there are.
 */
export function resultIntervals({ predictions, run }: RecordedRun): ResultIntervals | null {
  if (predictions === null) return null;
  const found = known.get(predictions) ?? intervalsOf(predictions, run.personalRole);
  known.set(predictions, found);
  return found;
}

function intervalsOf({ clients, classNames }: Predictions, role: string): ResultIntervals {
  const classes = classNames.length;
  const strata = clients.flatMap(({ labels }, client) =>
    Array.from(labels, (label) => client * classes + label)
  );
  let end = 0;
  const judges = clients.map(({ labels, probabilities: { [role]: probabilities } }) => {
    const start = end;
    end += labels.length;
    const f1 = resampledMacroF1(labels, predictClasses(probabilities, classes));
    const auc = resampledRocAuc(labels, probabilities, classes);
    return (drawn: Uint32Array) => {
      const own = drawn.subarray(start, start + labels.length);
      return [f1(own), auc(own)];
    };
  });
  const draws = drawMetrics(strata, (drawn) => {
    const values = judges.map((judge) => judge(drawn));
    const ofMetric = (metric: number) => values.map((value) => value[metric]);
    return [0, 1].flatMap((metric) => [...ofMetric(metric), meanOfDefined(ofMetric(metric))]);
  });
  const part = (first: number) => ({
    clients: draws.slice(first, first + clients.length).map((each) => intervalOfDraws(each)),
    average: intervalOfDraws(draws[first + clients.length]),
    draws: draws[first + clients.length],
  });
  return { f1: part(0), auc: part(clients.length + 1) };
}

/** Whether two runs were judged by the same test images, as far as their labels tell. */
export function isSameTest(a: RecordedRun, b: RecordedRun): boolean {
  const [first, second] = [a, b].map(({ predictions }) => predictions?.clients ?? []);
  return first.length === second.length && a.run.fingerprint === b.run.fingerprint &&
    first.every(({ labels }, client) =>
      labels.length === second[client].labels.length &&
      labels.every((label, row) => label === second[client].labels[row])
    );
}
