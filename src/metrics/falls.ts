// Falls of a metric at communications: how many, how deep, and how long until they were made good.

import { seedInterval } from "./seed_interval.ts";

/** What followed a fall. */
export interface Recovery {
  /** whether the value before the communication was reached again while the run lasted */
  readonly regained: boolean;
  /** local epochs until then; or else those that followed, so 0 means that none was left to tell */
  readonly epochs: number;
}

/** One metric around one communication. */
export interface MetricChange {
  /** after the last local epoch before the communication, percent; null: n/a */
  readonly before: number | null;
  /** right after the communication, percent; null: n/a */
  readonly after: number | null;
  /** after minus before, percentage points: negative if the communication did harm; null: n/a */
  readonly change: number | null;
  /** null where there was no fall, or nobody can say */
  readonly recovery: Recovery | null;
}

/** Several communications summed up. */
export interface Falls {
  /** those whose change is known */
  readonly communications: number;
  /** mean over all of them, falls or not, percentage points; null without any */
  readonly meanChange: number | null;
  /** lower end of its 95 % interval, each communication counting as independent; null with fewer than two */
  readonly low: number | null;
  /** its upper end */
  readonly high: number | null;
  /** those with a negative change; `regained`, `notRegained` and `unknown` add up to them */
  readonly falls: number;
  /** the most negative change, percentage points; null without a fall */
  readonly worst: number | null;
  /** falls after which a local epoch reached the value before again */
  readonly regained: number;
  /** local epochs followed, but the value before was not reached again */
  readonly notRegained: number;
  /** no local epoch followed */
  readonly unknown: number;
  /** median local epochs to regain the value before, by Kaplan and Meier; null: not reached, or no fall */
  readonly medianEpochs: number | null;
}

/** Sums up one metric's changes, be they of one client or of means, of one run or of several. */
export function summarizeFalls(changes: readonly MetricChange[]): Falls {
  if (!Array.isArray(changes)) {
    throw new TypeError("Cannot sum up falls: a list of changes is expected");
  }
  const known = changes.map(({ change }) => change).filter((change) => change !== null);
  const recoveries = changes.flatMap(({ recovery }) => recovery ?? []);
  const count = (is: (recovery: Recovery) => boolean) => recoveries.filter(is).length;
  const interval = known.length === 0 ? null : seedInterval(known);
  return {
    communications: known.length,
    meanChange: interval?.mean ?? null,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
    falls: recoveries.length,
    worst: recoveries.length === 0 ? null : Math.min(...known),
    regained: count(({ regained }) => regained),
    notRegained: count(({ regained, epochs }) => !regained && epochs > 0),
    unknown: count(({ regained, epochs }) => !regained && epochs === 0),
    medianEpochs: medianEpochs(recoveries),
  };
}

/**
 * The Kaplan–Meier median: the first epoch by which at most half of the falls are estimated to last on. A fall
 * that was never made good counts as lasting for as long as it was watched, and is not held against what came after.
 *
 * @returns null if the estimate stays above a half
 */
export function medianEpochs(recoveries: readonly Recovery[]): number | null {
  const times = recoveries.filter(({ regained }) => regained).map(({ epochs }) => epochs);
  let lasting = 1;
  for (const time of [...new Set(times)].sort((a, b) => a - b)) {
    const watched = recoveries.filter(({ epochs }) => epochs >= time).length;
    lasting *= 1 - times.filter((other) => other === time).length / watched;
    if (lasting <= 0.5) return time;
  }
  return null;
}
