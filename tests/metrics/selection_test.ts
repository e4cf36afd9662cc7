// Which rounds can be the best, and which of them is.

import { firstSelectable, isBest } from "../../src/metrics/selection.ts";
import { assertEquals } from "../assert.ts";

Deno.test("firstSelectable() is the beginning of the last fifth, and the last round at the latest", () => {
  // Counted from 0: of 50 rounds those numbered 41 to 50.
  const expected = [[1, 0], [2, 1], [4, 3], [5, 4], [6, 5], [9, 8], [10, 8], [20, 16], [50, 40]];
  assertEquals(expected.map(([rounds]) => [rounds, firstSelectable(rounds)]), expected);
});

Deno.test("isBest() looks at the last fifth alone, and of equal rounds keeps the first", () => {
  const f1 = [90, 90, 90, 90, 90, 90, 90, 90, 60, 60]; // of rounds 0 to 9
  const chosen: number[] = [];
  let best = null;
  for (const [round, value] of f1.entries()) {
    const candidate = { round, f1: value };
    if (!isBest(candidate, best, f1.length)) continue;
    best = candidate;
    chosen.push(round);
  }
  assertEquals(chosen, [8]);
  assertEquals(isBest({ round: 9, f1: 60.1 }, best, 10), true);
});
