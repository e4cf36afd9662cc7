// Do intervals hold what they promise? Made-up test sets whose true values are known: how often each covers, or rejects.
//
// deno run -A tests/metrics/coverage_study.ts [--write]   (some minutes; --write stores coverage_study.json)

import { bootstrapDifference, bootstrapInterval } from "../../src/metrics/bootstrap.ts";
import { predictClasses } from "../../src/metrics/classification.ts";
import { delongDifference, delongInterval } from "../../src/metrics/delong.ts";
import { normalTails } from "../../src/metrics/distributions.ts";
import { mcnemar } from "../../src/metrics/paired_tests.ts";
import { resampledMacroF1, resampledRocAuc } from "../../src/metrics/resampled.ts";
import { seedInterval } from "../../src/metrics/seed_interval.ts";
import { RandomStream } from "../../src/random.ts";

/** 95 % of intervals cover; 5 % of tests reject, or at most that; or nothing, for comparison. */
export type Promised = "coverage" | "level" | "at most the level" | "nothing";

/** How often an event came in a part of the study. */
export interface StudyCount {
  /** what was counted */
  readonly name: string;
  readonly promise: Promised;
  readonly events: number;
  readonly repeats: number;
}

/** A part of the study: what is counted, and one repetition that tells which events came. */
export interface StudyPart {
  readonly counts: readonly { readonly name: string; readonly promise: Promised }[];
  readonly repeats: number;
  readonly repeat: (random: RandomStream) => readonly boolean[];
}

const classes = 3;
const images = [150, 90, 60]; // of each class
const skill = 1; // how much further up the score of the true class is, in standard deviations
const labels = images.flatMap((count, c) => new Array<number>(count).fill(c));
/** of bootstraps in the study; the default of 2000 changes the ends of an interval by less than they scatter */
const draws = 500;

/** Scores are independent normal numbers, so that AUC is Φ(skill / √2), and macro F1 one integral. */
const truth = { auc: 100 * (1 - normalTails(skill / Math.SQRT2) / 2), f1: 100 * trueMacroF1() };

/** All parts, by name. */
export const parts: Readonly<Record<string, StudyPart>> = {
  intervals: {
    counts: promised(
      "coverage",
      "bootstrap interval of macro F1",
      "bootstrap interval of macro AUC",
      "DeLong's interval of the first class's AUC",
    ),
    repeats: 2000,
    repeat(random) {
      const scores = noise(random, labels.length * classes).map(withSkill);
      const options = { draws, seed: random.uint32() };
      const f1 = resampledMacroF1(labels, predictClasses(scores, classes));
      return [
        covers(bootstrapInterval(labels, f1, options), truth.f1),
        covers(
          bootstrapInterval(labels, resampledRocAuc(labels, scores, classes), options),
          truth.auc,
        ),
        covers(delongInterval(labels, scores, classes, 0)!, truth.auc),
      ];
    },
  },
  groups: {
    counts: [
      ...promised("coverage", "bootstrap of lesions with one to five images, macro AUC"),
      ...promised("nothing", "the same images as if each were a lesion of its own"),
    ],
    repeats: 2000,
    repeat(random) {
      // Lesions of one to five images, which share three quarters of the variance.
      const groups: number[] = [];
      const classOf = [0, 1, 2].flatMap((c) => new Array<number>(60).fill(c));
      classOf.forEach((_, lesion) => {
        for (let image = 0; image <= lesion % 5; image++) groups.push(lesion);
      });
      const own = groups.map((lesion) => classOf[lesion]);
      const shared = noise(random, classOf.length * classes);
      const scores = noise(random, groups.length * classes).map((value, index) => {
        const row = Math.floor(index / classes);
        const c = index % classes;
        const common = shared[groups[row] * classes + c];
        return value * Math.sqrt(0.25) + common * Math.sqrt(0.75) + (own[row] === c ? skill : 0);
      });
      const metric = resampledRocAuc(own, scores, classes);
      const seed = random.uint32();
      return [
        covers(bootstrapInterval(own, metric, { groups, draws, seed }), truth.auc),
        covers(bootstrapInterval(own, metric, { draws, seed }), truth.auc),
      ];
    },
  },
  differences: {
    counts: [
      ...promised(
        "level",
        "paired bootstrap of macro F1",
        "paired bootstrap of macro AUC",
        "DeLong's test",
      ),
      ...promised("at most the level", "McNemar's test, 300 images"),
    ],
    repeats: 2000,
    repeat(random) {
      const [first, second] = equallyGood(random, labels);
      const options = { draws, seed: random.uint32() };
      const [a, b] = [first, second].map((scores) => predictClasses(scores, classes));
      const f1 = bootstrapDifference(
        labels,
        resampledMacroF1(labels, a),
        resampledMacroF1(labels, b),
        options,
      );
      const auc = bootstrapDifference(
        labels,
        resampledRocAuc(labels, first, classes),
        resampledRocAuc(labels, second, classes),
        options,
      );
      return [
        ...[f1.p, auc.p, delongDifference(labels, first, second, classes, 0)!.p],
        mcnemar(labels, a, b).p,
      ].map((p) => p! < 0.05);
    },
  },
  many: {
    counts: promised("at most the level", "McNemar's test, 6000 images"),
    repeats: 2000,
    repeat(random) {
      const many = Array.from({ length: 6000 }, (_, row) => row % classes);
      const [a, b] = equallyGood(random, many).map((scores) => predictClasses(scores, classes));
      return [mcnemar(many, a, b).p < 0.05];
    },
  },
  seeds: {
    counts: promised("coverage", "t interval over three seeds", "t interval over ten seeds"),
    repeats: 4000,
    repeat: (random) =>
      [3, 10].map((seeds) => {
        const { low, high } = seedInterval(noise(random, seeds));
        return low! <= 0 && 0 <= high!;
      }),
  },
};

/** Counts the events of the first so many repeats of a part. Each repeat has random numbers of its own. */
export function runPart(name: string, repeats = parts[name].repeats): StudyCount[] {
  const { counts, repeat } = parts[name];
  const events = counts.map(() => 0);
  for (let index = 0; index < repeats; index++) {
    const key = Object.keys(parts).indexOf(name);
    repeat(new RandomStream(2026, key, index)).forEach((came, event) => {
      events[event] += Number(came);
    });
  }
  return counts.map((count, event) => ({ ...count, events: events[event], repeats }));
}

function promised(promise: Promised, ...names: readonly string[]): StudyPart["counts"] {
  return names.map((name) => ({ name, promise }));
}

/** Scores of two methods of the same skill, which share half of the variance. */
function equallyGood(random: RandomStream, own: readonly number[]): [number[], number[]] {
  const shared = noise(random, own.length * classes);
  const scoresOf = () =>
    noise(random, own.length * classes).map((value, index) => {
      const isOwn = own[Math.floor(index / classes)] === index % classes;
      return (value + shared[index]) * Math.SQRT1_2 + (isOwn ? skill : 0);
    });
  return [scoresOf(), scoresOf()];
}

function withSkill(value: number, index: number): number {
  return value + (labels[Math.floor(index / classes)] === index % classes ? skill : 0);
}

function covers(
  { low, high }: { readonly low: number | null; readonly high: number | null },
  value: number,
): boolean {
  return low! <= value && value <= high!;
}

/** Standard normal numbers (Box and Muller). */
function noise(random: RandomStream, count: number): number[] {
  return Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
    return radius * Math.cos(2 * Math.PI * random.uniform());
  });
}

/** In [0, 1], of infinitely many images in the shares of the classes. */
function trueMacroF1(): number {
  const density = (x: number) => Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  const below = (x: number) => x < 0 ? normalTails(x) / 2 : 1 - normalTails(x) / 2;
  const step = 0.01;
  let right = 0; // P(the true class's score is above both others)
  for (let x = -9; x <= 11; x += step) right += step * density(x - skill) * below(x) ** 2;
  const total = labels.length;
  const scores = images.map((count) => {
    const own = count / total;
    const predicted = own * right + (1 - own) * (1 - right) / 2;
    return 2 * own * right / (own + predicted);
  });
  return scores.reduce((sum, score) => sum + score, 0) / classes;
}

/** Repeats that the test does again. */
export const fewRepeats = 8;

if (import.meta.main) {
  const counts = Object.keys(parts).map((name) => {
    const [found, few] = [runPart(name), runPart(name, fewRepeats)];
    for (const { name, events, repeats } of found) {
      console.log(`${(100 * events / repeats).toFixed(2)} %  ${name}`);
    }
    return [name, { all: found, few: few.map(({ events }) => events) }] as const;
  });
  if (Deno.args.includes("--write")) {
    const path = new URL("coverage_study.json", import.meta.url);
    Deno.writeTextFileSync(path, `${JSON.stringify(Object.fromEntries(counts), null, 2)}\n`);
  }
}
