// Intervals of a method's results: over the test images, and over seeds.

import { intervalOfDraws } from "../../metrics/bootstrap.ts";
import { seedInterval } from "../../metrics/seed_interval.ts";
import type { MethodRuns } from "./method_runs.ts";

import { type DrawnMetric, isSameTest, meanDraws, resultDraws } from "./result_draws.ts";
import { isLastChosen, resultOf, type ResultView, resultViews } from "./result_views.ts";

/** The mean over seeds with the ends of its 95 % interval, percent. */
export interface ResultInterval {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** What an interval is of. */
export interface ResultPlace {
  /** by its number; null: the average over clients */
  readonly client: number | null;
  readonly metric: DrawnMetric;
  readonly view: ResultView;
}

/** The interval of a method's result; null where there is none to be had. */
export type IntervalOf = (method: MethodRuns, place: ResultPlace) => ResultInterval | null;

/** Over the test images, by the predictions that all runs stored; several seeds are averaged draw by draw. */
export function overImages({ runs }: MethodRuns, place: ResultPlace): ResultInterval | null {
  const { client, metric, view } = place;
  const draws = runs.map((run) => resultDraws(run, view)?.[metric])
    .map((drawn) => client === null ? drawn?.average : drawn?.clients[client])
    .filter((drawn) => drawn !== undefined);
  const isPaired = runs.every((run) => isSameTest(run, runs[0], view));
  return draws.length < runs.length || !isPaired ? null : intervalOfDraws(meanDraws(draws));
}

/** Of the mean over seeds, where there are several. */
export function overSeeds({ runs }: MethodRuns, place: ResultPlace): ResultInterval | null {
  const values = runs.map((run) => resultOf(run, place.client, place.metric, place.view))
    .filter((value) => value !== null);
  if (runs.length === 1 || values.length === 0) return null;
  const { mean, low, high } = seedInterval(values);
  return { value: mean, low, high };
}

/**
 * The moments that are moments of their own: where nothing is communicated, before and after are the same, and where the
 * last round is the chosen one, so is that.
 */
export function ownViews({ runs }: MethodRuns): readonly (typeof resultViews[number])[] {
  const isOwn = {
    before: runs.some(({ run }) => run.sharedRole !== null),
    after: true,
    chosen: !runs.every((run) => isLastChosen(run)),
  };
  return resultViews.filter(({ view }) => isOwn[view]);
}
