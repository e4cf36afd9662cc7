// How far results depend on which images the test sets hold: bootstrap draws of stored predictions.

import { drawMetrics, type MetricDraws } from "../../metrics/bootstrap.ts";
import { predictClasses } from "../../metrics/classification.ts";
import { resampledMacroF1, resampledRocAuc } from "../../metrics/resampled.ts";
import { meanOfDefined } from "../../metrics/statistics.ts";
import type { Predictions } from "../files/predictions.ts";
import { independenceWords } from "../format.ts";
import type { RecordedRun } from "./recorded_run.ts";
import { isLastChosen, type ResultView } from "./result_views.ts";

/** Metrics that are drawn, percent. */
export type DrawnMetric = "f1" | "auc";

/** Draws of one run's personal models; the same draws for all runs and views with the same test labels. */
export type ResultDraws = Readonly<
  Record<DrawnMetric, {
    /** in the order of the run's clients */
    readonly clients: readonly MetricDraws[];
    /** of the plain mean over clients, as tables have it */
    readonly average: MetricDraws;
  }>
>;

/** By what they were made from: table, page and CSV of one report need the same. */
const known = new WeakMap<Predictions, ResultDraws>();

/**
 * Draws of a run's result; null where it stored no predictions of that moment. Each draw takes as many images of every
 * class of every client as there are.
 */
export function resultDraws(run: RecordedRun, view: ResultView): ResultDraws | null {
  const predictions = predictionsAt(run, view);
  if (predictions === null) return null;
  const found = known.get(predictions) ?? drawsOf(predictions, run.run.personalRole);
  known.set(predictions, found);
  return found;
}

/**
 * What was said at a moment of the run's result; null where that is not stored. Of the chosen round it is if that is the
 * last one. A run that was stopped in between can have stored a later round than that of its result.
 */
export function predictionsAt(run: RecordedRun, view: ResultView): Predictions | null {
  if (view === "chosen" && !isLastChosen(run)) return null;
  const isShared = run.run.sharedRole !== null; // else before and after are the same
  const found = view === "before" && isShared ? run.predictionsBefore : run.predictions;
  const end = run.rows.findLast(({ type }) => type === "aggregation");
  return found !== null && found.round === end?.round ? found : null;
}

function drawsOf({ clients, classNames }: Predictions, role: string): ResultDraws {
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
  }, groupsOf(clients));
  const part = (first: number) => ({
    clients: draws.slice(first, first + clients.length),
    average: draws[first + clients.length],
  });
  return { f1: part(0), auc: part(clients.length + 1) };
}

/** Images of one lesion or patient are drawn together; a client of which nothing is known has images of their own. */
function groupsOf(clients: Predictions["clients"]): { groups?: string[] } {
  if (clients.every(({ groups }) => groups === undefined)) return {};
  return {
    groups: clients.flatMap(({ labels, groups }, client) =>
      Array.from(labels, (_, row) => `${client} ${groups?.[row] ?? `image ${row}`}`)
    ),
  };
}

/** What counts as independent, in words: whether any of the runs tells lesions or patients. */
export function drawnWords(runs: readonly RecordedRun[]): string {
  const isGrouped = runs.some(({ predictions }) =>
    predictions?.clients.some(({ groups }) => groups !== undefined)
  );
  return independenceWords(isGrouped);
}

/** Whether two runs were judged by the same test images, and drawn alike: by data, labels and groups. */
export function isSameTest(a: RecordedRun, b: RecordedRun, view: ResultView): boolean {
  const [first, second] = [a, b].map((run) => predictionsAt(run, view)?.clients ?? []);
  const isEqual = (one: Int32Array = none, other: Int32Array = none) =>
    one.length === other.length && one.every((value, row) => value === other[row]);
  return first.length === second.length && a.run.fingerprint === b.run.fingerprint &&
    first.every(({ labels, groups }, client) =>
      isEqual(labels, second[client].labels) && isEqual(groups, second[client].groups)
    );
}

const none = new Int32Array();

/** The mean over repetitions, draw by draw; draws of the same test images. */
export function meanDraws(all: readonly MetricDraws[]): MetricDraws {
  return {
    value: meanOfDefined(all.map(({ value }) => value)),
    draws: all[0].draws.map((_, draw) => meanOfDefined(all.map(({ draws }) => draws[draw]))),
    groups: all[0].groups,
  };
}
