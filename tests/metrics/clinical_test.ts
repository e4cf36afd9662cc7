// Clinical metrics, calibration and operating points against scikit-learn, on rows that are hard to judge.

import {
  brierScore,
  calibration,
  classCalibration,
  type ReliabilityBin,
} from "../../src/metrics/calibration.ts";
import { type ClinicalMeasure, clinicalMetrics } from "../../src/metrics/clinical.ts";
import { macroF1, predictClasses } from "../../src/metrics/classification.ts";
import {
  operateAt,
  thresholdAtSpecificity,
  youdenThreshold,
} from "../../src/metrics/operating_point.ts";
import { averagePrecision } from "../../src/metrics/precision_recall.ts";
import vectors from "../vectors/clinical.json" with { type: "json" };
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { assertAllClose } from "../close.ts";

const tolerance = 1e-10;

/** Also null equals null alone. */
function assertSame(label: string, actual: number | null, expected: number | null): void {
  if (actual === null || expected === null) assertEquals(actual, expected, label);
  else assertAllClose(label, [actual], [expected], tolerance);
}

/** Bins that are not empty, as scikit-learn gives them. */
function assertReliability(
  label: string,
  bins: readonly ReliabilityBin[],
  expected: {
    readonly counts: readonly number[];
    readonly confidence: readonly number[];
    readonly frequency: readonly number[];
  },
): void {
  assertEquals(bins.map(({ images }) => images), [...expected.counts], label);
  const filled = bins.filter(({ images }) => images > 0);
  const values = (key: "confidence" | "frequency") => filled.map((bin) => bin[key]!);
  assertAllClose(`${label} confidence`, values("confidence"), expected.confidence, tolerance);
  assertAllClose(`${label} frequency`, values("frequency"), expected.frequency, tolerance);
  const empty = bins.filter(({ images }) => images === 0);
  assert(empty.every(({ confidence, frequency }) => confidence === null && frequency === null));
  assertEquals([bins[0].low, bins[bins.length - 1].high], [0, 1]);
}

for (const vector of vectors.cases) {
  const { name, classes, labels, bins } = vector;
  const scores = vector.parts.map((part) => part / vector.total);

  Deno.test(`clinical metrics match scikit-learn: ${name}`, () => {
    const found = clinicalMetrics(labels, scores, classes, bins);
    vector.perClass.forEach(({ reliability, operating: _, ...expected }, c) => {
      for (const [key, value] of Object.entries(expected)) {
        const actual = found.classes[c][key as ClinicalMeasure];
        assertSame(`${key} of class ${c}`, actual, value);
      }
      assertReliability(
        `class ${c}`,
        classCalibration(labels, scores, classes, c, bins)!.bins,
        reliability,
      );
    });
    for (const [key, value] of Object.entries(vector.macro)) {
      assertSame(`macro ${key}`, found.means[key as ClinicalMeasure].mean, value);
    }
    for (const [key, value] of Object.entries(vector.overall)) {
      assertSame(key, found.overall[key as keyof typeof vector.overall], value);
    }
    assertReliability("predicted class", found.overall.reliability, vector.reliability);
    assertEquals(found.overall.images, labels.length);
    // Macro F1 leaves out the same classes as the mean of what is printed class by class.
    assertSame("mean F1", found.means.f1.mean, macroF1(labels, predictClasses(scores, classes)));
  });

  Deno.test(`operating points match scikit-learn's ROC curve: ${name}`, () => {
    vector.perClass.forEach(({ operating }, c) => {
      if (operating === null) {
        assertThrows(() => youdenThreshold(labels, scores, classes, c), RangeError, "some of it");
        return;
      }
      assertEquals(youdenThreshold(labels, scores, classes, c), operating.youden ?? Infinity);
      for (const wanted of [90, 95] as const) {
        const threshold = thresholdAtSpecificity(labels, scores, classes, c, wanted);
        const point = operateAt(labels, scores, classes, c, threshold);
        const expected = operating[`sensitivity_at_${wanted}`];
        assertSame(`sensitivity at ${wanted}`, point.sensitivity, expected);
        assert(point.specificity! >= wanted, `specificity is ${point.specificity}`);
      }
    });
  });
}

Deno.test("clinicalMetrics() says how many classes a mean is over", () => {
  const { means } = clinicalMetrics([0, 0, 1], [1, 0, 0, 0, 1, 0, 0, 1, 0], 3);
  assertEquals(means.sensitivity, { mean: 75, classes: 2 });
  assertEquals(means.specificity, { mean: (100 + 50 + 100) / 3, classes: 3 });
  assertEquals(means.prAuc.classes, 2);
});

Deno.test("what needs probabilities is null with NaN among them, and what needs predictions is not", () => {
  const { overall, classes } = clinicalMetrics([0, 1, 1], [0.9, 0.1, NaN, NaN, 0.2, 0.8], 2);
  assertEquals([overall.auc, overall.brier, overall.ece, overall.reliability], [
    ...[null, null, null],
    [],
  ]);
  assertEquals(classes.map(({ prAuc, ece }) => [prAuc, ece]), [[null, null], [null, null]]);
  assertEquals(overall.accuracy, 100 * 2 / 3);
});

Deno.test("a threshold that validation chose is judged on other images, with what reaches it exactly", () => {
  const labels = [0, 0, 0, 1, 1];
  const two = (scores: readonly number[]) => scores.flatMap((score) => [1 - score, score]);
  const threshold = youdenThreshold(labels, two([0.125, 0.25, 0.5, 0.5, 0.75]), 2, 1);
  assertEquals(threshold, 0.5);
  assertEquals(operateAt([1, 0, 1, 0], two([0.5, 0.75, 0.25, 0]), 2, 1, threshold), {
    ...{ threshold, sensitivity: 50, specificity: 50, ppv: 50, npv: 50 },
  });
  assertEquals(operateAt([1, 1], two([0.75, 0.25]), 2, 1, 2), {
    ...{ threshold: 2, sensitivity: 0, specificity: null, ppv: null, npv: 0 },
  });
  // The highest score is a negative's: nothing positive is specific enough.
  const hopeless = two([0.9, 0.8, 0.7, 0.6, 0.5]);
  assertEquals(thresholdAtSpecificity(labels, hopeless, 2, 1, 95), Infinity);
});

Deno.test("float32 probabilities on the edge of a bin, and a little above one, fall into a bin", () => {
  const tenth = Float32Array.of(0.7, 0.3, 0.1, 0.9, 1 + 1e-6, 0);
  const bins = calibration([0, 1, 0], tenth, 2, 10)!.bins;
  // 0.7 and 0.9 are below the decimal in float32.
  assertEquals(bins.map(({ images }) => images), [0, 0, 0, 0, 0, 0, 1, 0, 1, 1]);
});

Deno.test("clinical metrics reject what does not fit together", () => {
  const two = [0.5, 0.5, 0.5, 0.5];
  assertThrows(() => clinicalMetrics([], [], 2), RangeError, "at least one row");
  assertThrows(() => clinicalMetrics([0], two, 2), TypeError, "scores are [2, 2]");
  assertThrows(() => clinicalMetrics([0, 2], two, 2), RangeError, "class index 2");
  assertThrows(() => clinicalMetrics([0, 1], [4, -1, 2, 1], 2), RangeError, "apply softmax");
  assertThrows(() => brierScore([0], [0.5, 1.5], 2), RangeError, "class 1 in row 0 is 1.5");
  assertThrows(() => calibration([0, 1], two, 2, 0), RangeError, "bins is 0");
  assertThrows(() => averagePrecision([0, 1], two, 2, 2), RangeError, "positive class is 2");
  const at = (specificity: number) => thresholdAtSpecificity([0, 1], two, 2, 1, specificity);
  assertThrows(() => at(101), RangeError, "specificity is 101");
  assertThrows(() => operateAt([0, 1], two, 2, 1, NaN), RangeError, "NaN");
  assertThrows(() => youdenThreshold([0, 1], [1, NaN, 0, 1], 2, 1), RangeError, "NaN");
});
