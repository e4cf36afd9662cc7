// Counter-based random numbers.

import { pcg4d, RandomStream } from "../src/random.ts";
import { assert, assertEquals, assertNotEquals } from "./assert.ts";

/** The paper's code with numbers that cannot overflow, reduced to 32 bits after every step. */
function pcg4dReference(...key: number[]): number[] {
  const mask = (1n << 32n) - 1n;
  const v = key.map((word) => (BigInt(word) * 1664525n + 1013904223n) & mask);
  const mix = () => {
    for (const [target, left, right] of [[0, 1, 3], [1, 2, 0], [2, 0, 1], [3, 1, 2]]) {
      v[target] = (v[target] + v[left] * v[right]) & mask;
    }
  };
  mix();
  v.forEach((word, i) => v[i] = word ^ (word >> 16n));
  mix();
  return v.map(Number);
}

Deno.test("pcg4d() is the published function on 32-bit words", () => {
  const keys = [[0, 0, 0, 0], [1, 2, 3, 4], [2 ** 32 - 1, 2 ** 31, 7, 0], [
    123456789,
    0,
    1,
    2 ** 31,
  ]];
  for (const [a, b, c, d] of keys) {
    assertEquals([...pcg4d(a, b, c, d)], pcg4dReference(a, b, c, d));
  }
});

Deno.test("a stream repeats for the same key, and differs for any other", () => {
  const start = (...key: number[]) => {
    const stream = new RandomStream(...key);
    return Array.from({ length: 10 }, () => stream.uint32());
  };
  assertEquals(start(1, 2, 3), start(1, 2, 3));
  const others = [[1, 2], [1, 2, 4], [3, 2, 1], [1, 2, 3, 0], [0, 1, 2, 3], []];
  for (const key of others) assertNotEquals(start(...key), start(1, 2, 3));
});

Deno.test("uniform() spreads evenly over [0, 1)", () => {
  const stream = new RandomStream(42);
  const bins = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) {
    const value = stream.uniform();
    assert(value >= 0 && value < 1);
    bins[Math.floor(value * 10)]++;
  }
  // The standard deviation of a bin is 95.
  assert(bins.every((count) => Math.abs(count - 10_000) < 5 * 95), `${bins}`);
});

Deno.test("integer() takes every value below its bound, and none beyond", () => {
  const stream = new RandomStream(7);
  const counts = new Array<number>(6).fill(0);
  for (let i = 0; i < 60_000; i++) counts[stream.integer(6)]++;
  assertEquals(counts.length, 6);
  assert(counts.every((count) => Math.abs(count - 10_000) < 5 * 92), `${counts}`);
  assertEquals(stream.integer(1), 0);
});

Deno.test("permutation() has every number once, each place equally likely", () => {
  const stream = new RandomStream(9);
  const firsts = new Array<number>(5).fill(0);
  for (let i = 0; i < 5000; i++) {
    const order = stream.permutation(5);
    assertEquals([...order].sort(), [0, 1, 2, 3, 4]);
    firsts[order[0]]++;
  }
  assert(firsts.every((count) => Math.abs(count - 1000) < 5 * 29), `${firsts}`);
  assertEquals([...stream.permutation(0)], []);
  assertEquals([...stream.permutation(1)], [0]);
});
