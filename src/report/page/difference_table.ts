// The table of differences: every two methods on the same test images, in a sentence each.

import { differenceOfDraws, type MetricDraws } from "../../metrics/bootstrap.ts";
import { comparisonSentence } from "../../metrics/comparison_sentence.ts";
import { holm } from "../../metrics/paired_tests.ts";
import { meanOfDefined } from "../../metrics/statistics.ts";
import { byMethod, type LabelledRun, type MethodRuns } from "../reading/method_runs.ts";
import { type IntervalMetric, isSameTest, resultIntervals } from "../reading/result_intervals.ts";
import { type Table, tableMetrics } from "./tables.ts";

/**
 * Differences of the averages over clients; null unless two methods stored predictions of the same images. Several
 * seeds of a method are averaged draw by draw, so that the interval tells of images, not of seeds.
 */
export function differenceTable(runs: readonly LabelledRun[]): Table | null {
  const stored = runs.filter((run) => resultIntervals(run) !== null);
  const methods = byMethod(stored.filter((run) => isSameTest(run, stored[0])));
  if (methods.length < 2) return null;
  return {
    caption:
      "Differences of methods on the same test images after the last communication, personal models, percentage " +
      "points of the average over clients, with 95 % intervals and p-values over images (paired bootstrap, each " +
      "image counting as independent; Holm's correction over the pairs of a metric)",
    head: ["First − second"],
    rows: tableMetrics.flatMap(([metric, name]) =>
      sentencesOf(methods, metric, name).map((text) => [{ text }])
    ),
  };
}

function sentencesOf(
  methods: readonly MethodRuns[],
  metric: IntervalMetric,
  name: string,
): string[] {
  const draws = methods.map(({ runs }) => meanDraws(runs, metric));
  const pairs = methods.flatMap((first, a) =>
    methods.slice(a + 1).map((second, index) => ({
      first,
      second,
      found: differenceOfDraws(draws[a], draws[a + 1 + index]),
    }))
  );
  const ps = holm(pairs.map(({ found }) => found.p));
  return pairs.flatMap(({ first, second, found: { value, low, high } }, index) => {
    if (value === null) return [];
    return comparisonSentence({
      ...{ first: first.method, second: second.method, metric: name, difference: value, low, high },
      p: ps[index],
      comparisons: ps.filter((p) => p !== null).length,
      seeds: Math.min(first.runs.length, second.runs.length),
    });
  });
}

/** The mean over seeds, draw by draw. */
function meanDraws(runs: readonly LabelledRun[], metric: IntervalMetric): MetricDraws {
  const all = runs.map((run) => resultIntervals(run)![metric].draws);
  return {
    value: meanOfDefined(all.map(({ value }) => value)),
    draws: all[0].draws.map((_, draw) => meanOfDefined(all.map(({ draws }) => draws[draw]))),
    groups: all[0].groups,
  };
}
