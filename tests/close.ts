// Comparing arrays of numbers: what was wrong, where, and by how much.

import { assert, assertEquals } from "./assert.ts";

/** Asserts that no element differs by more than `tolerance`; NaN equals nothing. */
export function assertAllClose(
  label: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  assertEquals(actual.length, expected.length, `${label}: number of elements`);
  for (let i = 0; i < expected.length; i++) {
    assert(
      Math.abs(actual[i] - expected[i]) <= tolerance,
      `${label}: element ${i} is ${actual[i]}, expected ${expected[i]} within ${tolerance}`,
    );
  }
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
