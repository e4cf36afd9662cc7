// Accuracy, macro F1 and AUC against scikit-learn, and their edges.

import { join } from "@std/path";
import { readSafetensors } from "../../src/io/safetensors.ts";
import {
  accuracy,
  confusionMatrix,
  macroF1,
  meanMetrics,
  predictClasses,
  rocAucOvr,
} from "../../src/metrics/classification.ts";
import vectors from "../vectors/metrics.json" with { type: "json" };
import randomVectors from "../vectors/metrics_random.json" with { type: "json" };
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { assertAllClose } from "../close.ts";
import { goldenFolder } from "../golden.ts";

/** What scikit-learn computed of one set of rows. */
interface Expected {
  readonly name: string;
  readonly classes: number;
  /** percent */
  readonly accuracy: number;
  /** percent */
  readonly f1_macro: number;
  /** percent; null where scikit-learn raises */
  readonly auc_ovr_macro: number | null;
  /** in [0, 1] */
  readonly auc_per_class: readonly (number | null)[];
  readonly confusion: readonly (readonly number[])[];
}

const tolerance = 1e-10; // percent
const compared = {
  result: "percent",
  oracle: "scikit-learn",
  reason: "both sides are float64 sums of fewer than a thousand terms",
} as const;

function checkCase(
  expected: Expected,
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  scores: ArrayLike<number>,
): void {
  const { name, classes } = expected;
  const close = (op: string, actual: number, wanted: number) =>
    assertAllClose(`${op} of ${name}`, [actual], [wanted], tolerance, { op, ...compared });
  close("accuracy", accuracy(labels, predictions), expected.accuracy);
  close("macroF1", macroF1(labels, predictions), expected.f1_macro);
  assertEquals(
    confusionMatrix(labels, predictions, classes),
    expected.confusion.map((row) => [...row]),
    name,
  );
  const auc = rocAucOvr(labels, scores, classes);
  const perClass = auc?.perClass ?? new Array<null>(classes).fill(null);
  expected.auc_per_class.forEach((value, c) => {
    if (value === null) assertEquals(perClass[c], null, `${name}, class ${c}`);
    else close("rocAucOvr", perClass[c]!, 100 * value);
  });
  if (expected.auc_ovr_macro !== null) {
    close("rocAucOvr", auc!.auc, expected.auc_ovr_macro);
  }
}

for (const vector of vectors.cases) {
  Deno.test(`classification metrics match scikit-learn: ${vector.name}`, () => {
    checkCase(vector, vector.labels, vector.predictions, vector.scores);
    assertEquals([...predictClasses(vector.scores, vector.classes)], vector.predictions);
  });
}

Deno.test("classification metrics match scikit-learn on random rows, with ties and absent classes", () => {
  let undefinedAucs = 0;
  for (const { scores, steps, ...expected } of randomVectors.cases) {
    const shares = scores.map((score) => score / steps);
    checkCase(expected, expected.labels, predictClasses(shares, expected.classes), shares);
    const auc = rocAucOvr(expected.labels, shares, expected.classes);
    assertEquals(auc === null, expected.auc_ovr_macro === null, expected.name);
    if (auc === null) undefinedAucs++;
  }
  assert(undefinedAucs > 0, "no case has one class only");
});

Deno.test({
  name: "classification metrics match scikit-learn in every reference case",
  ignore: goldenFolder === null,
  fn: () => {
    const folder = join(goldenFolder!, "metrics");
    const cases: Expected[] = JSON.parse(Deno.readTextFileSync(join(folder, "metrics.json"))).cases;
    const { tensors } = readSafetensors(Deno.readFileSync(join(folder, "metrics.safetensors")));
    for (const expected of cases) {
      const [labels, logits, probs, pred] = ["labels", "logits", "probs", "pred"]
        .map((part) => tensors.get(`${expected.name}.${part}`)!.data as Float32Array);
      checkCase(expected, labels, pred, probs);
      assertEquals([...predictClasses(logits, expected.classes)], [...pred], expected.name);
    }
  },
});

Deno.test("predictClasses() takes the lowest index on ties", () => {
  const scores = [1, 1, 1, 0, 2, 2, 2, 0, 2, -1, -1, -2];
  assertEquals([...predictClasses(scores, 3)], [0, 1, 0, 0]);
});

Deno.test("rocAucOvr() names the classes it is a mean of where one is absent", () => {
  const scores = [0.7, 0.2, 0.1, 0.1, 0.6, 0.3, 0.3, 0.4, 0.3];
  const auc = rocAucOvr([0, 1, 1], scores, 3)!;
  assertEquals(auc.classes, [0, 1]);
  assertEquals(auc.perClass, [100, 100, null]);
  assertEquals(auc.auc, 100);
});

Deno.test("rocAucOvr() is null with one class only, and with NaN", () => {
  assertEquals(rocAucOvr([1, 1], [0.5, 0.5, 0.2, 0.8], 2), null);
  assertEquals(rocAucOvr([0, 1], [0.5, 0.5, NaN, 0.8], 2), null);
});

Deno.test("meanMetrics() leaves out AUCs that are n/a, and says so", () => {
  const metrics = { loss: 1, accuracy: 40, f1: 20, auc: null };
  const other = { loss: 3, accuracy: 60, f1: 40, auc: 70 };
  assertEquals(meanMetrics([metrics, other]), {
    ...{ loss: 2, accuracy: 50, f1: 30, auc: 70 },
    aucOf: { defined: 1, members: 2 },
  });
  assertEquals("aucOf" in meanMetrics([other, other]), false);
  assertEquals(meanMetrics([metrics, metrics]).auc, null);
});

Deno.test("classification metrics reject what does not fit together", () => {
  assertThrows(() => accuracy([1, 2], [1]), TypeError, "2 labels but 1 predictions");
  assertThrows(() => accuracy([], []), RangeError, "at least one row");
  assertThrows(() => macroF1([], []), RangeError, "at least one row");
  assertThrows(() => confusionMatrix([3], [0], 3), RangeError, "class index 3");
  assertThrows(() => rocAucOvr([0, 1], [0.5, 0.5, 1], 2), TypeError, "whole rows");
  assertThrows(() => rocAucOvr([0], [0.5, 0.5, 1, 0], 2), TypeError, "scores are [2, 2]");
  assertThrows(() => rocAucOvr([2], [0.5, 0.5], 2), RangeError, "class index 2");
  assertThrows(() => meanMetrics([]), RangeError, "empty");
});
