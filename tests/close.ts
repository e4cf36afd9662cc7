// Comparing arrays of numbers: what was wrong, where, and by how much.

import { type Comparison, noteAccuracy } from "./accuracy.ts";
import { assert, assertEquals } from "./assert.ts";

/**
 * Asserts that no element differs by more than `tolerance`; NaN equals nothing.
 *
 * @param comparison what the accuracy is noted under, as shares of the largest magnitude
 */
export function assertAllClose(
  label: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  comparison?: Comparison,
): void {
  assertEquals(actual.length, expected.length, `${label}: number of elements`);
  let worst = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const deviation = Math.abs(actual[i] - expected[i]);
    assert(
      deviation <= tolerance,
      `${label}: element ${i} is ${actual[i]}, expected ${expected[i]} within ${tolerance}`,
    );
    worst = Math.max(worst, deviation);
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  if (!comparison || largest === 0) return;
  noteAccuracy({ ...comparison, error: worst / largest, tolerance: tolerance / largest });
}

/** |actual − expected| / |expected|, both Euclidean lengths. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  assertEquals(actual.length, expected.length, "number of elements");
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i] - expected[i]) ** 2;
    size += expected[i] ** 2;
  }
  return Math.sqrt(difference / size);
}
