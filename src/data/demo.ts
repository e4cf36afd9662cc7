// The built-in demo data: four synthesized clients, for which no files are needed.

import { RandomStream } from "../random.ts";
import {
  type Dataset,
  expectSplits,
  lesionClasses,
  type Split,
  type SplitName,
  splitNames,
} from "./dataset.ts";
import { expectList, expectOptions } from "../tensor/checks.ts";
import { DataError } from "./data_error.ts";
import { synthesizeScene } from "./demo_lesion.ts";
import { allocateImages } from "./image_memory.ts";
import { photograph, type Scanner } from "./demo_scanner.ts";

/** What demo data to synthesize. */
export interface DemoOptions {
  /** integer; the same seed gives the same bytes on every machine */
  readonly seed: number;
  /** height and width of the images, pixels; default 32 */
  readonly imageSize?: number;
  /** number of training images of all clients together; default 368 */
  readonly trainSize?: number;
  /** the same for validation; default 160 */
  readonly validSize?: number;
  /** the same for testing; default 240 */
  readonly testSize?: number;
  /** names of the clients wanted; default all */
  readonly clients?: readonly string[];
  /** the first so many images of each split; default all */
  readonly limit?: number;
  /** splits wanted; the others stay empty; default all */
  readonly splits?: readonly SplitName[];
  /** called after every image, with the number done and that of all */
  readonly onProgress?: (done: number, total: number) => void;
}

const known: readonly (keyof DemoOptions)[] = [
  ...["seed", "imageSize", "trainSize", "validSize", "testSize"] as const,
  ...["clients", "limit", "splits", "onProgress"] as const,
];

interface DemoClient {
  readonly name: string;
  /** share of all images */
  readonly share: number;
  /** shares of the classes */
  readonly balance: readonly [number, number, number];
  readonly scanner: Scanner;
}

const clients: readonly DemoClient[] = [
  { // a modern instrument: bright, even, true colours
    name: "A",
    share: 0.285,
    balance: [0.5, 0.2, 0.3],
    scanner: {
      cast: [1, 1, 1],
      contrast: 1.05,
      brightness: [0.95, 1.05],
      slope: 0.03,
      fieldOfView: 2,
      lesionRadius: [0.4, 0.65],
      hairs: [0, 1],
      rulers: 0,
      grain: 0.01,
    },
  },
  { // an old one: orange, flat, seen through a tube; nearly all naevi
    name: "B",
    share: 0.37,
    balance: [0.72, 0.16, 0.12],
    scanner: {
      cast: [1.12, 0.82, 0.55],
      contrast: 0.72,
      brightness: [0.75, 0.95],
      slope: 0.08,
      fieldOfView: 1.02,
      lesionRadius: [0.35, 0.55],
      hairs: [0, 3],
      rulers: 0,
      grain: 0.03,
    },
  },
  { // a practice: bluish polarized light, close up, hairs
    name: "C",
    share: 0.155,
    balance: [0.3, 0.48, 0.22],
    scanner: {
      cast: [0.8, 0.86, 1.22],
      contrast: 1.3,
      brightness: [0.85, 1.05],
      slope: 0.15,
      fieldOfView: 1.45,
      lesionRadius: [0.6, 0.85],
      hairs: [2, 6],
      rulers: 0.1,
      grain: 0.015,
    },
  },
  { // many sources: dim, greenish, from afar, with rulers
    name: "D",
    share: 0.19,
    balance: [0.3, 0.2, 0.5],
    scanner: {
      cast: [0.88, 1.02, 0.75],
      contrast: 0.95,
      brightness: [0.55, 0.8],
      slope: 0.25,
      fieldOfView: 1.6,
      lesionRadius: [0.32, 0.5],
      hairs: [0, 2],
      rulers: 0.7,
      grain: 0.03,
    },
  },
];

/**
 * Synthesizes dermoscopy-like images of the three classes for clients A to D. The classes differ in the lesion's
 * form, structure and colours; the clients in all that makes averaged models suffer: colour cast, lighting, field
 * of view, hairs, rulers, lesion size, class balance and number of images. Every split has every class.
 *
 * @throws {TypeError} for options that are unknown or missing
 * @throws {RangeError} when a seed or size is not a whole number, or too small for three classes in every split
 * @throws {DataError} when a client is unknown
 */
export async function demoDataset(options: DemoOptions): Promise<Dataset> {
  expectOptions("demoDataset", options, known, ["seed"]);
  const { seed, imageSize = 32, trainSize = 368, validSize = 160, testSize = 240 } = options;
  if (options.splits) expectSplits(options.splits);
  if (options.clients) expectList("demoDataset", "clients", options.clients);
  expectInteger("seed", seed, Number.MIN_SAFE_INTEGER);
  expectInteger("imageSize", imageSize, 1);
  const sizes = { train: trainSize, valid: validSize, test: testSize };
  const shares = clients.map(({ share }) => share);
  const counts = (split: SplitName) => {
    expectInteger(`${split}Size`, sizes[split], smallestSplit);
    return apportion(sizes[split], shares);
  };
  const perClient = { train: counts("train"), valid: counts("valid"), test: counts("test") };
  const wanted = options.clients ?? clients.map(({ name }) => name);
  expectKnown(wanted);
  const wantedSplits = options.splits ?? splitNames;
  const plans = clients.flatMap((client, index) =>
    !wanted.includes(client.name) ? [] : splitNames.map((name, split) => ({
      client,
      random: new RandomStream(seed, index, split),
      prefix: `demo_${client.name}_${name}`,
      size: perClient[name][index],
      count: wantedSplits.includes(name)
        ? Math.min(perClient[name][index], options.limit ?? Infinity)
        : 0,
    }))
  );
  const total = plans.reduce((sum, { count }) => sum + count, 0);
  let done = 0;
  const splits: Split[] = [];
  for (const plan of plans) {
    splits.push(
      await synthesizeSplit(plan, imageSize, () => options.onProgress?.(++done, total)),
    );
  }
  return {
    clients: clients.filter(({ name }) => wanted.includes(name)).map(({ name }, index) => {
      const [train, valid, test] = splits.slice(index * splitNames.length);
      return { name, train, valid, test };
    }),
    imageSize,
    classNames: lesionClasses,
  };
}

function expectKnown(wanted: readonly string[]): void {
  const names = clients.map(({ name }) => name);
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new DataError(
      `Cannot use client ${unknown} of the demo data: choose from ${names.join(", ")}`,
    );
  }
}

/** Images of all clients from which on the smallest client has one of every class. */
const smallestSplit = 20;

function expectInteger(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new RangeError(
    `Cannot synthesize demo data: ${name} is ${value} but has to be an integer of at least ${least}`,
  );
}

/** Shares a total out in whole numbers that add up to it. */
function apportion(total: number, shares: readonly number[]): number[] {
  let [share, given] = [0, 0];
  return shares.map((next) => {
    share += next;
    const count = Math.round(total * share) - given;
    given += count;
    return count;
  });
}

/** One split of one client to be made. */
interface SplitPlan {
  readonly client: DemoClient;
  readonly random: RandomStream;
  /** of the image identifiers */
  readonly prefix: string;
  /** images of the whole split */
  readonly size: number;
  /** images wanted, the first ones */
  readonly count: number;
}

async function synthesizeSplit(
  { client, random, prefix, size, count }: SplitPlan,
  imageSize: number,
  onImage: () => void,
): Promise<Split> {
  const labels = synthesizeLabels(random, client.balance, size).slice(0, count);
  const bytesPerImage = imageSize * imageSize * 3;
  const images = allocateImages(count, imageSize);
  for (const [index, label] of labels.entries()) {
    const place = images.subarray(index * bytesPerImage, (index + 1) * bytesPerImage);
    photograph(random, synthesizeScene(random, label), client.scanner, imageSize, place);
    onImage();
    await pause();
  }
  const ids = Array.from(labels, (_, index) => `${prefix}_${index}`);
  return { ids, images, labels };
}

/** Lets the program show progress and notice that it is to end. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Labels in random order: one of every class, the rest by the client's balance. */
function synthesizeLabels(
  random: RandomStream,
  balance: readonly number[],
  count: number,
): Int32Array {
  const perClass = apportion(count - balance.length, balance).map((rest) => rest + 1);
  const sorted = perClass.flatMap((n, label) => new Array<number>(n).fill(label));
  return Int32Array.from(random.permutation(count), (index) => sorted[index]);
}
