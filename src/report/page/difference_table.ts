// The tables of differences: every two methods on the same test images, in a sentence each.

import { comparisonSentence } from "../../metrics/comparison_sentence.ts";
import { seedInterval } from "../../metrics/seed_interval.ts";
import { change, intervalText } from "../format.ts";
import { comparable, type Difference, differences } from "../reading/differences.ts";
import { byMethod, type LabelledRun, type MethodRuns } from "../reading/method_runs.ts";
import { drawnWords } from "../reading/result_draws.ts";
import { type Table, tableMetrics } from "./tables.ts";

/** Moments of which predictions are stored. */
const moments = [
  { view: "before", words: "before the last communication" },
  { view: "after", words: "after the last communication" },
] as const;

/**
 * Differences of the averages over clients: a table for each moment of which two methods stored predictions of the
 * same images. Several seeds of a method are averaged draw by draw, so that the interval tells of images; what the
 * seeds tell has a column of its own.
 */
export function differenceTables(runs: readonly LabelledRun[]): Table[] {
  return moments.flatMap(({ view, words }) => {
    const all = byMethod(runs);
    const methods = comparable(all, view);
    const found = tableMetrics.flatMap(([metric, name]) =>
      differences(methods, metric, view).map((difference) => ({ name, difference }))
    );
    if (found.length === 0) return [];
    const isRepeated = found.some(({ difference: { bySeed } }) => bySeed.length > 1);
    return {
      name: `Differences ${words}`,
      caption:
        `Differences of methods on the same test images ${words}, personal models, percentage points of the ` +
        "average over clients, with 95 % intervals and p-values over images (paired bootstrap, " +
        `${drawnWords(runs)}; Holm's correction over the pairs of a metric)` +
        (isRepeated ? "; beside it over the seeds that both have (Student's t)" : "") +
        limitWords(found[0].difference) + leftOutWords(all, methods),
      head: ["First − second", ...(isRepeated ? ["Over seeds"] : [])],
      rows: found.map(({ name, difference }) =>
        [sentence(difference, name), ...(isRepeated ? [seedsCell(difference)] : [])]
          .map((text) => ({ text }))
      ),
    };
  });
}

function sentence(
  { first, second, overImages: { value, low, high }, corrected, comparisons }: Difference,
  metric: string,
): string {
  return comparisonSentence({
    ...{ first: first.method, second: second.method, metric, difference: value! },
    ...{ low, high, p: corrected, comparisons },
    seeds: [first.runs.length, second.runs.length],
  });
}

/** What so many draws can tell of so many pairs. */
function limitWords({ comparisons, overImages: { draws } }: Difference): string {
  const least = 2 * comparisons / (draws + 1);
  return least < 0.01
    ? ""
    : `; with ${comparisons} pairs and ${draws} draws no p is below ${least.toFixed(3)}`;
}

function leftOutWords(all: readonly MethodRuns[], compared: readonly MethodRuns[]): string {
  const names = all.filter((method) => !compared.includes(method)).map(({ method }) => method);
  return names.length === 0
    ? ""
    : `; without ${names.join(", ")}, whose runs stored no predictions of these images`;
}

function seedsCell({ bySeed }: Difference): string {
  if (bySeed.length === 0) return "n/a";
  const interval = seedInterval(bySeed);
  return intervalText(interval.mean, interval, change);
}
