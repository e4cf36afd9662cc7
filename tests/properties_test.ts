// What holds for all shapes, splits, schedules and samplers, shown with inputs that fast-check makes up and shrinks.

import fc from "fast-check";
import { oneLine } from "../src/commands/expected_error.ts";
import { DataError } from "../src/data/data_error.ts";
import { splitNames } from "../src/data/dataset.ts";
import { dirichlet } from "../src/data/dirichlet.ts";
import { partition, type Partitionable, type PartitionRule } from "../src/data/partition.ts";
import { fourierRate, fourierWindow } from "../src/federated/aggregate/fourier.ts";
import { defaultConfig } from "../src/federated/config.ts";
import { learningRateOf } from "../src/federated/clients/learning_rate.ts";
import { participantsOf, updateArrives } from "../src/federated/clients/participation.ts";
import { transferStage } from "../src/federated/methods/transfer_stage.ts";
import { readSafetensors, writeSafetensors } from "../src/io/safetensors.ts";
import { RandomStream } from "../src/random.ts";
import type { HostTensor } from "../src/tensor/host_tensor.ts";
import { broadcastShape, padded, type Shape, sizeOf, stridesOf } from "../src/tensor/shape.ts";
import { assert, assertAlmostEquals, assertEquals } from "./assert.ts";

/** Holds for many values; always the same ones, so that a test that passes goes on passing. */
function forAll<T extends [unknown, ...unknown[]]>(
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  holds: (...values: T) => void,
): void {
  fc.assert(fc.property(...arbitraries, holds), { seed: 1, numRuns: 300 });
}

const shape = fc.array(fc.nat({ max: 4 }), { maxLength: 4 });
/** Shapes that broadcast, mostly: what another one is made of with axes of size 1, or without the first ones. */
const shapes = shape.chain((whole) =>
  fc.tuple(
    ...[0, 1, 2].map(() =>
      fc.tuple(fc.nat({ max: whole.length }), fc.array(fc.boolean(), { minLength: 4 })).map((
        [start, ones],
      ): Shape => whole.slice(start).map((size, axis) => ones[axis] ? 1 : size))
    ),
  )
);

Deno.test("broadcastShape() does not depend on the order, and [] changes nothing", () => {
  forAll([shapes, shape], ([a, b, c], other) => {
    assertEquals(broadcastShape(a, b), broadcastShape(b, a));
    assertEquals(broadcastShape(a, other), broadcastShape(other, a));
    assertEquals(broadcastShape(a, []), a);
    assertEquals(broadcastShape(a, a), a);
    const [left, right] = [broadcastShape(a, b)!, broadcastShape(b, c)!];
    assertEquals(broadcastShape(left, c), broadcastShape(a, right));
  });
});

Deno.test("broadcastShape() stretches axes of size 1 alone, and both shapes fit the result", () => {
  forAll([shape, shape], (a, b) => {
    const result = broadcastShape(a, b);
    if (result === null) {
      const axes = Math.max(a.length, b.length);
      const [left, right] = [padded(a, axes), padded(b, axes)];
      assert(left.some((size, axis) => size !== right[axis] && size !== 1 && right[axis] !== 1));
      return;
    }
    for (const own of [a, b].map((shape) => padded(shape, result.length))) {
      assert(own.every((size, axis) => size === 1 || size === result[axis]));
    }
    for (const [axis, size] of result.entries()) {
      assert([a, b].some((shape) => padded(shape, result.length)[axis] === size));
    }
  });
});

Deno.test("stridesOf() gives every element a place of its own", () => {
  forAll([shape], (shape) => {
    const strides = stridesOf(shape);
    let places = [0];
    shape.forEach((size, axis) => {
      places = places.flatMap((place) =>
        Array.from({ length: size }, (_, index) => place + index * strides[axis])
      );
    });
    assertEquals(places, Array.from({ length: sizeOf(shape) }, (_, index) => index));
  });
});

const image: fc.Arbitrary<Partitionable> = fc.record({
  label: fc.nat({ max: 3 }),
  group: fc.option(fc.nat({ max: 40 }).map(String)),
  split: fc.constant(null),
});
const rule: fc.Arbitrary<Exclude<PartitionRule, { kind: "column" }>> = fc.oneof(
  fc.record({ kind: fc.constant("iid" as const), clients: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    kind: fc.constant("dirichlet" as const),
    clients: fc.integer({ min: 1, max: 4 }),
    alpha: fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
  }),
);
const shares = fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: 1, max: 9 }))).map(
  ([train, valid, test]): [number, number, number] => {
    const sum = train + valid + test;
    return [train / sum, valid / sum, test / sum];
  },
);
const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 });

Deno.test("partition() places every image once, keeps lesions whole and leaves no split empty", () => {
  let placed = 0;
  forAll(
    [fc.array(image, { minLength: 1, maxLength: 80, size: "max" }), rule, shares, seed],
    (images, rule, shares, seed) => {
      const options = { shares, seed };
      try {
        const placements = partition(images, rule, options);
        placed++;
        assertEquals(placements.length, images.length);
        assertEquals(placements, partition(images, rule, options));
        const clients = new Set(placements.map(({ client }) => client));
        assertEquals(clients.size, rule.clients);
        for (const client of clients) {
          for (const split of splitNames) {
            const count = placements.filter((p) => p.client === client && p.split === split).length;
            assert(count >= (split === "train" ? 2 : 1));
          }
        }
        const lesions = Map.groupBy(placements.keys(), (index) => images[index].group);
        lesions.delete(null);
        for (const members of lesions.values()) {
          assertEquals(new Set(members.map((index) => JSON.stringify(placements[index]))).size, 1);
        }
      } catch (error) {
        if (!(error instanceof DataError)) throw error; // too few images
      }
    },
  );
  assert(placed > 100, `${placed} of the collections were large enough`);
});

Deno.test("dirichlet() gives shares of a whole for every concentration that the flag takes", () => {
  const alpha = fc.double({ min: 1e-6, max: 1e300, noNaN: true });
  forAll([seed, alpha, fc.integer({ min: 1, max: 50 })], (seed, alpha, count) => {
    const shares = dirichlet(new RandomStream(seed), alpha, count);
    assertEquals(shares.length, count);
    assert(shares.every((share) => share >= 0 && share <= 1));
    assertAlmostEquals(shares.reduce((sum, share) => sum + share, 0), 1, 1e-9);
  });
});

const rate = fc.double({ min: 0, max: 1, noNaN: true });

Deno.test("fourierRate() goes from its start towards 0.95, and never back", () => {
  forAll([fc.integer({ min: 1, max: 1000 }), rate], (rounds, initial) => {
    const rates = Array.from({ length: rounds }, (_, round) => fourierRate(round, rounds, initial));
    assertEquals(rates[0], initial);
    const [low, high] = [Math.min(initial, 0.95), Math.max(initial, 0.95)];
    const rises = initial <= 0.95;
    const slack = 1e-12; // rounding
    rates.forEach((rate, round) => {
      assert(rate >= low - slack && rate <= high + slack);
      const before = rates[Math.max(0, round - 1)];
      assert(rises ? rate >= before - slack : rate <= before + slack);
    });
  });
});

Deno.test("fourierWindow() stays within the axis, and grows with the rate", () => {
  forAll([fc.integer({ min: 1, max: 70_000 }), rate, rate], (n, one, other) => {
    const small = fourierWindow(n, Math.min(one, other));
    const large = fourierWindow(n, Math.max(one, other));
    for (const { begin, end } of [small, large]) assert(0 <= begin && begin <= end && end <= n);
    assert(large.begin <= small.begin && small.end <= large.end);
  });
});

Deno.test("the learning rate falls once a step by gamma, and not in between", () => {
  const positive = fc.double({ min: 1e-3, max: 1, noNaN: true });
  const step = fc.integer({ min: 1, max: 20 });
  forAll([positive, step, positive, fc.nat({ max: 100 })], (start, step, gamma, round) => {
    const config = { learningRate: start, learningRateStep: step, learningRateGamma: gamma };
    assertEquals(learningRateOf(config, 0), start);
    const [now, next] = [round, round + 1].map((round) => learningRateOf(config, round));
    if ((round + 1) % step === 0) assertAlmostEquals(next, now * gamma, now * gamma * 1e-12);
    else assertEquals(next, now);
  });
});

Deno.test("transferStage() begins at 1, skips no stage upwards and rises with the deputy's F1", () => {
  const f1 = fc.double({ min: 0, max: 100, noNaN: true });
  const previous = fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const);
  const thresholds = fc.tuple(rate, rate).map(([a, b]) => ({
    alpha1: Math.min(a, b),
    alpha2: Math.max(a, b),
  }));
  forAll([previous, f1, f1, f1, thresholds], (previous, one, other, personal, options) => {
    const [worse, better] = [Math.min(one, other), Math.max(one, other)]
      .map((deputy) => transferStage(previous, deputy, personal, options));
    for (const stage of [worse, better]) {
      assert([1, 2, 3].includes(stage));
      assert(stage <= previous + 1);
    }
    assert(worse <= better);
    // In another unit the same is decided; a power of two rounds nothing.
    assertEquals(
      transferStage(previous, one / 128, personal / 128, options),
      transferStage(previous, one, personal, options),
    );
  });
});

Deno.test("participantsOf() draws different clients, as many as it should, the same ones for a seed", () => {
  const some = fc.double({ min: 1e-9, max: 1, noNaN: true });
  forAll([fc.integer({ min: 1, max: 40 }), some, seed, fc.nat()], (length, share, seed, round) => {
    const none = { ids: [], images: new Uint8Array(), labels: new Int32Array() };
    const clients = Array.from({ length }, (_, k) => ({
      ...{ name: String(k), train: none, valid: none, test: none },
    }));
    const dataset = { clients, imageSize: 32, classNames: ["nv", "mel"] };
    const config = { ...defaultConfig, dataset, participation: share, seed };
    const drawn = participantsOf(config, round);
    assertEquals(drawn.length, Math.max(1, Math.round(share * length)));
    assertEquals(drawn, [...new Set(drawn)].toSorted((a, b) => a - b));
    assert(drawn.every((client) => client >= 0 && client < length));
    assertEquals(drawn, participantsOf(config, round));
    assert(updateArrives({ ...config, dropout: 0 }, round, drawn[0]));
  });
});

Deno.test("permutation() has every number once, and integer() stays below its bound", () => {
  forAll(
    [seed, fc.nat({ max: 300 }), fc.integer({ min: 1, max: 2 ** 32 })],
    (seed, length, bound) => {
      const stream = new RandomStream(seed);
      const order = [...stream.permutation(length)];
      assertEquals(order.toSorted((a, b) => a - b), Array.from({ length }, (_, index) => index));
      const drawn = stream.integer(bound);
      assert(Number.isInteger(drawn) && drawn >= 0 && drawn < bound);
    },
  );
});

const tensor: fc.Arbitrary<HostTensor> = shape.chain((shape) => {
  const length = sizeOf(shape);
  const size = { minLength: length, maxLength: length };
  return fc.oneof<fc.Arbitrary<HostTensor["data"]>[]>(
    fc.float32Array(size),
    fc.float64Array(size),
    fc.int32Array(size),
    fc.uint8Array(size),
    fc.bigInt64Array(size),
  ).map((data) => ({ shape, data }));
});
/** Any text that UTF-8 can hold. */
const name = fc.string({ unit: "binary" }).filter((text) => text.isWellFormed());

Deno.test("readSafetensors() gives back what writeSafetensors() was given, whatever the names", () => {
  const names = fc.uniqueArray(fc.tuple(name, tensor), { selector: ([name]) => name });
  forAll([names, fc.dictionary(name, name, { noNullPrototype: true })], (entries, metadata) => {
    const tensors = new Map(entries.filter(([name]) => name !== "__metadata__"));
    const file = readSafetensors(writeSafetensors(tensors, metadata));
    assertEquals(new Map(file.tensors), tensors);
    assertEquals(file.metadata, metadata);
  });
});

Deno.test("oneLine() leaves nothing that moves the cursor, and not much of what is long", () => {
  forAll([fc.string({ unit: "binary", maxLength: 5000, size: "max" })], (text) => {
    const line = oneLine(text);
    assert(!/[\p{Cc}\u2028\u2029]/u.test(line) && line.length <= 2003);
  });
});
