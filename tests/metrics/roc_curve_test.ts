// ROC curves: their area, their points, and what is refused.

import { rocAucOvr } from "../../src/metrics/classification.ts";
import { rocCurve, type RocPoint } from "../../src/metrics/roc_curve.ts";
import { assertAlmostEquals, assertEquals, assertThrows } from "../assert.ts";

/** By trapezoids, as the area under straight lines is. */
function areaUnder(points: readonly RocPoint[]): number {
  return points.slice(1).reduce((sum, { falsePositives, truePositives }, index) => {
    const before = points[index];
    const height = (truePositives + before.truePositives) / 2;
    return sum + height * (falsePositives - before.falsePositives);
  }, 0);
}

Deno.test("rocCurve() has the area that rocAucOvr() counts, with ties and without", () => {
  // In ten steps scores tie often.
  const labels = Array.from({ length: 97 }, (_, row) => (row * row) % 3);
  for (const steps of [10, 10_000]) {
    const scores = labels.flatMap((label, row) =>
      [0, 1, 2].map((c) =>
        Math.round(steps * ((row * 31 + c * 17) % 97 / 97 + (c === label ? 0.2 : 0)))
      )
    );
    const { perClass } = rocAucOvr(labels, scores, 3)!;
    for (const c of [0, 1]) { // squares are never 2 modulo 3
      const curve = rocCurve(labels, scores, 3, c);
      assertAlmostEquals(100 * areaUnder(curve), perClass[c]!, 1e-9);
      assertEquals(curve[0], { falsePositives: 0, truePositives: 0 });
      assertEquals(curve.at(-1), { falsePositives: 1, truePositives: 1 });
    }
  }
});

Deno.test("rocCurve() leaves out points on straight lines", () => {
  const curve = rocCurve([0, 0, 1, 1], [0.9, 0.1, 0.8, 0.2, 0.3, 0.7, 0.2, 0.8], 2, 0);
  assertEquals(curve.map(({ falsePositives, truePositives }) => [falsePositives, truePositives]), [
    [0, 0],
    [0, 1],
    [1, 1],
  ]);
});

Deno.test("rocCurve() rejects what does not fit together", () => {
  assertThrows(
    () => rocCurve([0, 0], [1, 0, 1, 0], 2, 1),
    RangeError,
    "0 of 2 rows are of class 1",
  );
  assertThrows(() => rocCurve([0], [0.5, 0.5, 1, 0], 2, 0), TypeError, "rocCurve: 1 labels");
});
