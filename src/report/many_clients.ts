// What stands for all clients where there are too many for a line, a column or a chart of each.

import { deviation, quantile } from "../metrics/statistics.ts";

/** With more clients than this they are shown as a distribution. */
export const mostClients = 12;

/** Whether there are too many to show each. */
export function areMany(clients: readonly unknown[]): boolean {
  return clients.length > mostClients;
}

const marks = [
  ["worst", 0],
  ["10th percentile", 0.1],
  ["median", 0.5],
  ["90th percentile", 0.9],
  ["best", 1],
] as const;

/** Names of the values of `distribution()`. */
export const distributionNames = marks.map(([name]) => name);

/** Where clients lie; null for each where none has a value. */
export function distribution(values: readonly (number | null)[]): (number | null)[] {
  const defined = values.filter((value) => value !== null);
  return marks.map(([, share]) => defined.length === 0 ? null : quantile(defined, share));
}

/** How far clients lie apart; null for each where none has a value. */
export function spread(
  values: readonly (number | null)[],
): Readonly<Record<"worst" | "p10" | "deviation", number | null>> {
  const defined = values.filter((value) => value !== null);
  if (defined.length === 0) return { worst: null, p10: null, deviation: null };
  return {
    worst: Math.min(...defined),
    p10: quantile(defined, 0.1),
    deviation: deviation(defined),
  };
}
