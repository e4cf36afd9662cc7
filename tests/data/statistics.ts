// Statistical tests, all at one false-alarm rate.

import { assert } from "../assert.ts";

/**
 * How often each of these tests fails for numbers that are as they should be. The tests have fixed seeds:
 * what passes once passes always, and a new seed has this chance of a false alarm in each test.
 */
export const falseAlarmRate = 1e-4;

const twoSidedNormal = 3.891; // Φ(−3.891) = falseAlarmRate / 2
const oneSidedNormal = 3.719; // Φ(−3.719) = falseAlarmRate
const kolmogorov = Math.sqrt(Math.log(2 / falseAlarmRate) / 2); // of D √n, for large n

/** Asserts that a number with a normal error is as expected. */
export function assertWithin(name: string, actual: number, expected: number, error: number): void {
  const deviations = (actual - expected) / error;
  assert(
    Math.abs(deviations) < twoSidedNormal,
    `${name} is ${actual}, ${deviations.toFixed(1)} standard errors from ${expected}`,
  );
}

/** Asserts that an event with this probability has happened as often as it should. */
export function assertShare(name: string, events: readonly boolean[], probability: number): void {
  const share = mean(events.map(Number));
  const error = Math.sqrt(probability * (1 - probability) / events.length);
  assertWithin(name, share, probability, error);
}

/** Kolmogorov and Smirnov's test of a distribution. */
export function assertDistribution(
  name: string,
  values: readonly number[],
  cumulative: (value: number) => number,
): void {
  const sorted = Float64Array.from(values).sort();
  let distance = 0;
  sorted.forEach((value, i) => {
    const wanted = cumulative(value);
    const [below, upTo] = [i / sorted.length, (i + 1) / sorted.length];
    distance = Math.max(distance, wanted - below, upTo - wanted);
  });
  const statistic = distance * Math.sqrt(sorted.length);
  assert(statistic < kolmogorov, `${name}: D √n = ${statistic} is not below ${kolmogorov}`);
}

/** Asserts that all values lie in an interval, equally likely everywhere. */
export function assertUniform(name: string, values: readonly number[], low: number, high: number) {
  const outside = values.find((value) => value < low - 1e-6 || value > high + 1e-6);
  assert(outside === undefined, `${name} is ${outside}`);
  assertDistribution(name, values, (value) => (value - low) / (high - low));
}

/** Pearson's chi-square test: how often each of several things happened, and its probability. */
export function assertFrequencies(
  name: string,
  counts: readonly number[],
  probabilities: readonly number[],
): void {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const statistic = counts.reduce(
    (sum, count, i) => sum + (count - total * probabilities[i]) ** 2 / (total * probabilities[i]),
    0,
  );
  const freedom = counts.length - 1;
  const spread = 2 / (9 * freedom); // Wilson and Hilferty's approximation
  const limit = freedom * (1 - spread + oneSidedNormal * Math.sqrt(spread)) ** 3;
  assert(statistic < limit, `${name}: χ² = ${statistic} is not below ${limit}`);
}

/** Asserts that two variables are not correlated. */
export function assertUncorrelated(name: string, x: readonly number[], y: readonly number[]): void {
  const [meanX, meanY] = [mean(x), mean(y)];
  const products = x.map((value, i) => (value - meanX) * (y[i] - meanY));
  const correlation = mean(products) / (deviation(x) * deviation(y));
  assertWithin(`correlation of ${name}`, correlation, 0, 1 / Math.sqrt(x.length));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard deviation. */
export function deviation(values: readonly number[]): number {
  const center = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - center) ** 2)));
}
