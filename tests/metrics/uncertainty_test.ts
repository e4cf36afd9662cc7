// Intervals and tests against SciPy, statsmodels, scikit-learn and the definition of DeLong's variance.

import {
  bootstrapDifference,
  bootstrapInterval,
  differenceOfDraws,
  drawMetrics,
} from "../../src/metrics/bootstrap.ts";
import { accuracy, macroF1, predictClasses, rocAucOvr } from "../../src/metrics/classification.ts";
import { comparisonSentence } from "../../src/metrics/comparison_sentence.ts";
import { delongDifference, delongInterval } from "../../src/metrics/delong.ts";
import {
  chiSquareTail,
  normalQuantile,
  normalTails,
  studentQuantile,
  studentTails,
} from "../../src/metrics/distributions.ts";
import { holm, mcnemar } from "../../src/metrics/paired_tests.ts";
import {
  resampledAccuracy,
  resampledMacroF1,
  resampledRocAuc,
} from "../../src/metrics/resampled.ts";
import { seedInterval } from "../../src/metrics/seed_interval.ts";
import { RandomStream } from "../../src/random.ts";
import vectors from "../vectors/statistics.json" with { type: "json" };
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { assertAllClose } from "../close.ts";

/** Also of tails that are tiny. */
function assertRelative(label: string, actual: number, expected: number, tolerance = 1e-11): void {
  assertAllClose(label, [actual], [expected], tolerance * Math.abs(expected));
}

function assertClose(label: string, actual: number, expected: number): void {
  assertAllClose(label, [actual], [expected], 1e-9);
}

Deno.test("tails and quantiles match SciPy, far out too", () => {
  for (const [z, p] of vectors.normalTails) assertRelative(`z ${z}`, normalTails(-z), p);
  for (const [x, p] of vectors.chiSquareTail) assertRelative(`chi² ${x}`, chiSquareTail(x), p);
  for (const [t, freedom, p] of vectors.studentTails) {
    assertRelative(`t ${t}, ${freedom}`, studentTails(-t, freedom), p);
  }
  for (const [level, freedom, t] of vectors.studentQuantile) {
    assertRelative(`level ${level}, ${freedom}`, studentQuantile(level, freedom), t, 1e-9);
  }
  for (const [level, z] of vectors.normalQuantile) {
    assertRelative(`level ${level}`, normalQuantile(level), z);
  }
});

Deno.test("seedInterval() matches SciPy's t interval", () => {
  for (const { values, level, ...expected } of vectors.seedIntervals) {
    const found = seedInterval(values, level);
    assertClose("mean", found.mean, expected.mean);
    assertClose("deviation", found.deviation!, expected.deviation);
    assertClose("low", found.low!, expected.low);
    assertClose("high", found.high!, expected.high);
  }
  assertEquals(seedInterval([4.5, 4.5, 4.5]), {
    ...{ mean: 4.5, deviation: 0, low: 4.5, high: 4.5, seeds: 3 },
  });
  assertEquals(seedInterval([7]), {
    ...{ mean: 7, deviation: null, low: null, high: null, seeds: 1 },
  });
});

Deno.test("delongInterval() and delongDifference() match the definition, with ties", () => {
  for (const vector of vectors.delong) {
    const { labels } = vector;
    const [first, second] = [vector.first, vector.second].map((scores) =>
      scores.flatMap((score) => [0, score])
    );
    const found = delongDifference(labels, first, second, 2, 1)!;
    assertClose("first", found.first, vector.aucs[0]);
    assertClose("second", found.second, vector.aucs[1]);
    assertClose("error", found.standardError, vector.error);
    assertClose("z", found.z!, vector.z);
    assertRelative("p", found.p!, vector.p, 1e-9);
    assertClose("low", found.low, vector.aucs[0] - vector.aucs[1] - vector.half);
    assertClose("high", found.high, vector.aucs[0] - vector.aucs[1] + vector.half);
    [first, second].forEach((scores, index) => {
      const { auc, standardError, low, high } = delongInterval(labels, scores, 2, 1)!;
      assertClose("AUC", auc, rocAucOvr(labels, scores, 2)!.perClass[1]!);
      assertClose("standard error", standardError, vector.errors[index]);
      const half = normalQuantile(0.95) * standardError;
      assertClose("low", low, Math.max(0, auc - half));
      assertClose("high", high, Math.min(100, auc + half));
    });
  }
});

Deno.test("DeLong's test is n/a where there is no variance, and 1 where methods are equal", () => {
  const labels = [0, 0, 1, 1];
  const right = [0, 1, 0, 2, 0, 3, 0, 4];
  const wrong = [0, 4, 0, 3, 0, 2, 0, 1];
  const found = delongDifference(labels, right, wrong, 2, 1)!;
  assertEquals([found.difference, found.standardError, found.z, found.p], [100, 0, null, null]);
  assertEquals(delongDifference(labels, right, right, 2, 1)!.p, 1);
  assertEquals(delongDifference([0, 0, 0, 1], right, wrong, 2, 1), null);
  assertEquals(delongInterval(labels, [0, 1, 0, 2, 0, NaN, 0, 4], 2, 1), null);
});

Deno.test("mcnemar() matches statsmodels, and R where both counts are equal", () => {
  for (const vector of vectors.mcnemar) {
    const { onlyFirst, onlySecond } = vector;
    const labels = new Array<number>(onlyFirst + onlySecond + 3).fill(1);
    const first = labels.map((_, row) => row < onlyFirst || row >= onlyFirst + onlySecond ? 1 : 0);
    const second = labels.map((_, row) => row >= onlyFirst ? 1 : 2);
    const found = mcnemar(labels, first, second);
    assertEquals([found.onlyFirst, found.onlySecond], [onlyFirst, onlySecond]);
    assertEquals(found.kind, vector.statistic === null ? "exact" : "chi-square");
    assertEquals(found.statistic === null, vector.statistic === null);
    if (found.statistic !== null) assertClose("statistic", found.statistic, vector.statistic!);
    assertRelative("p", found.p, vector.p);
  }
  const half = Array.from({ length: 40 }, (_, row) => row % 2);
  const found = mcnemar(new Array<number>(40).fill(0), half, half.map((each) => 1 - each));
  assertEquals([found.statistic, found.p], [0, 1]);
});

Deno.test("holm() matches statsmodels, and leaves out what is n/a", () => {
  for (const { ps, adjusted } of vectors.holm) {
    assertAllClose("adjusted", holm(ps).map(Number), adjusted, 1e-15);
  }
  const [first, second, third] = holm([0.01, null, 0.5]);
  assertEquals([first, second, third], [0.02, null, 0.5]);
  assertThrows(() => holm([0.1, 1.5]), RangeError, "1.5 is not in [0, 1]");
});

Deno.test("metrics of draws match scikit-learn on rows that are there as often as they were drawn", () => {
  for (const { classes, labels, scores, draws } of vectors.resampled) {
    const predictions = predictClasses(scores, classes);
    const metrics = {
      accuracy: resampledAccuracy(labels, predictions),
      f1: resampledMacroF1(labels, predictions),
      auc: resampledRocAuc(labels, scores, classes),
    };
    for (const { drawn, ...expected } of draws) {
      for (const key of ["accuracy", "f1", "auc"] as const) {
        assertClose(key, metrics[key](drawn)!, expected[key]);
      }
    }
    const once = labels.map(() => 1);
    assertClose("accuracy", metrics.accuracy(once)!, accuracy(labels, predictions));
    assertClose("F1", metrics.f1(once)!, macroF1(labels, predictions));
    assertClose("AUC", metrics.auc(once)!, rocAucOvr(labels, scores, classes)!.auc);
    const none = labels.map(() => 0);
    assertEquals(Object.values(metrics).map((metric) => metric(none)), [null, null, null]);
  }
});

Deno.test("the bootstrap of one class's accuracy has the quantiles of the binomial distribution", () => {
  const labels = new Array<number>(100).fill(0);
  const metric = resampledAccuracy(labels, labels.map((_, row) => row < 80 ? 0 : 1));
  const found = bootstrapInterval(labels, metric, { draws: 20_000, seed: 3 });
  assertEquals([found.value, found.draws, found.groups], [80, 20_000, 100]);
  assertEquals([found.low, found.high], vectors.binomialQuantiles);
});

Deno.test("draws are stratified by class, and images of a group come together", () => {
  const labels = [0, 0, 0, 0, 1, 1, 1, 1, 1, 1];
  const groups = ["a", "b", "b", "a", "c", "c", "d", "e", "e", "mixed"];
  const seen: number[][] = [];
  const note = (drawn: ArrayLike<number>) => seen.push(Array.from(drawn));
  const found = bootstrapInterval(labels, note, { groups, draws: 50 });
  assertEquals(found.groups, 6);
  for (const drawn of seen.slice(0, -1)) {
    const [a, b, , , c, , d, e] = drawn;
    assertEquals(drawn, [a, b, b, a, c, c, d, e, e, drawn[9]]);
    assertEquals([a + b, c + d + e + drawn[9]], [2, 4]);
  }
  const mixed: number[][] = [];
  const noteMixed = (drawn: ArrayLike<number>) => mixed.push(Array.from(drawn));
  bootstrapInterval([0, 1, 0, 1], noteMixed, { groups: [7, 7, 8, 9], draws: 9 });
  for (const drawn of mixed) assertEquals(drawn, [1, 1, 1, 1]); // three strata of one group each
});

Deno.test("the same seed gives the same interval, another one another", () => {
  const { labels, first, second } = madeUp(200);
  const interval = (seed: number) =>
    bootstrapInterval(labels, resampledRocAuc(labels, first, 3), { draws: 200, seed });
  assertEquals(interval(4), interval(4));
  assert(interval(4).low !== interval(5).low);
  const metrics = [first, second].map((scores) => resampledRocAuc(labels, scores, 3));
  const [there, back] = [metrics, metrics.toReversed()].map(([a, b]) =>
    bootstrapDifference(labels, a, b, { draws: 200 })
  );
  assertEquals([there.value, there.p], [-back.value!, back.p]);
  assertClose("low", there.low!, -back.high!);
  assert(there.low! < there.value! && there.value! < there.high!);
});

Deno.test("a paired difference of a method from itself is 0 with p = 1, of a far better one small", () => {
  const { labels, first } = madeUp(200);
  const [own, perfect] = [
    resampledMacroF1(labels, predictClasses(first, 3)),
    resampledMacroF1(labels, labels),
  ];
  const options = { draws: 400 };
  const same = bootstrapDifference(labels, own, own, options);
  assertEquals([same.value, same.low, same.high, same.p], [0, 0, 0, 1]);
  const better = bootstrapDifference(labels, perfect, own, options);
  assert(better.low! > 0);
  assertEquals(better.p, 2 / 401);
  const [few] = drawMetrics(labels, (drawn) => [own(drawn)], { draws: 3 });
  const [many] = drawMetrics(labels, (drawn) => [own(drawn)], { draws: 4 });
  assertThrows(() => differenceOfDraws(few, many), TypeError, "there are 3 and 4");
  const undefinedEverywhere = bootstrapDifference(labels, own, () => null, options);
  assertEquals(undefinedEverywhere, {
    ...{ value: null, low: null, high: null, p: null, draws: 0, groups: 200 },
  });
});

Deno.test("2000 draws of 2000 images, macro F1 and AUC of three classes, take less than five seconds", () => {
  const { labels, first } = madeUp(2000);
  const start = performance.now();
  bootstrapInterval(labels, resampledMacroF1(labels, predictClasses(first, 3)));
  bootstrapInterval(labels, resampledRocAuc(labels, first, 3));
  const seconds = (performance.now() - start) / 1000;
  assert(seconds < 5, `it took ${seconds.toFixed(1)} s`);
});

Deno.test("comparisonSentence() states what a paper would", () => {
  const comparison = {
    ...{ first: "PRR-FL", second: "FedBN", metric: "F1", difference: 3.14, low: 0.4, high: 5.92 },
    ...{ p: 0.0301, comparisons: 3, seeds: 1 },
  };
  assertEquals(
    comparisonSentence(comparison),
    "PRR-FL − FedBN: +3.1 F1 [0.4, 5.9], p = 0.03 after Holm; one seed",
  );
  assertEquals(
    comparisonSentence({
      ...comparison,
      ...{ difference: -0.04, low: -2.25, high: -0.01, p: 0.0496, comparisons: 1, seeds: 3 },
    }),
    "PRR-FL − FedBN: ±0.0 F1 [−2.3, 0.0], p = 0.0496; 3 seeds",
  );
  const unknown = { ...comparison, difference: -1.5, low: null, high: null };
  assertEquals(
    comparisonSentence({ ...unknown, p: null }),
    "PRR-FL − FedBN: −1.5 F1, p n/a; one seed",
  );
  assertEquals(
    comparisonSentence({ ...unknown, p: 1e-7 }),
    "PRR-FL − FedBN: −1.5 F1, p < 0.001 after Holm; one seed",
  );
});

Deno.test("intervals and tests reject what makes no sense", () => {
  const labels = [0, 1];
  const metric = resampledAccuracy(labels, labels);
  const draw = (options: Parameters<typeof bootstrapInterval>[2]) => () =>
    bootstrapInterval(labels, metric, options);
  assertThrows(draw({ draws: 0 }), RangeError, "0 draws");
  assertThrows(draw({ level: 95 }), RangeError, "level is 95");
  assertThrows(draw({ groups: [1] }), TypeError, "2 labels but 1 groups");
  assertThrows(() => bootstrapInterval([], metric), RangeError, "at least one row");
  assertThrows(() => seedInterval([]), RangeError, "empty");
  assertThrows(() => studentQuantile(0.95, 0), RangeError, "0 degrees");
  assertThrows(() => mcnemar(labels, labels, [0]), TypeError, "2 labels but 1 predictions");
  assertThrows(() => delongInterval(labels, [0, 1, 1, 0], 2, 3), RangeError, "positive class is 3");
  assertThrows(() => resampledMacroF1([0, -1], labels), RangeError, "class index -1");
});

/** Images of three classes, and scores of two methods that share some of what they see. */
function madeUp(images: number) {
  const random = new RandomStream(1);
  const labels = Array.from({ length: images }, (_, row) => [0, 0, 0, 1, 1, 2][row % 6]);
  const shared = Array.from({ length: images * 3 }, () => random.uniform());
  const scoresOf = () =>
    Float32Array.from(shared, (value, index) => {
      const isOwn = labels[Math.floor(index / 3)] === index % 3;
      return value + random.uniform() + (isOwn ? 0.4 : 0);
    });
  return { labels, first: scoresOf(), second: scoresOf() };
}
