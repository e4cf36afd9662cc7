// The letters that stand for a split's images and labels: another pixel, label or order, and they are others.

import type { Dataset, Split } from "../../src/data/dataset.ts";
import { fingerprint, fingerprints } from "../../src/federated/fingerprint.ts";
import { assertEquals, assertMatch } from "../assert.ts";

/** Seven images of three bytes: no whole number of words. */
const split: Split = {
  ids: [],
  images: Uint8Array.from({ length: 21 }, (_, i) => 37 * i),
  labels: Int32Array.of(0, 1, 2, 0, 0, 1, 2),
};

Deno.test("fingerprint() is the same for the same contents, wherever they lie in memory", () => {
  const shifted = new Uint8Array([9, ...split.images]).subarray(1);
  assertMatch(fingerprint(split), /^[0-9a-f]{16}$/);
  assertEquals(fingerprint({ ...split, images: shifted }), fingerprint(split));
});

Deno.test("fingerprint() differs with any bit of any byte, any label, and the order", () => {
  const others: Split[] = [];
  for (let byte = 0; byte < split.images.length; byte++) {
    for (let bit = 0; bit < 8; bit++) {
      const images = split.images.with(byte, split.images[byte] ^ 1 << bit);
      others.push({ ...split, images });
    }
  }
  for (const k of split.labels.keys()) {
    others.push({ ...split, labels: split.labels.with(k, split.labels[k] + 1) });
  }
  others.push({ ...split, images: split.images.toReversed() });
  others.push({ ...split, labels: split.labels.toReversed() });
  const all = [split, ...others].map(fingerprint);
  assertEquals(new Set(all).size, all.length);
});

Deno.test("fingerprint() goes through megabytes word by word, without a copy and not byte by byte", () => {
  const length = 3 * 64 ** 2 * 100;
  const images = new Uint8Array(length).fill(7);
  const { Uint32Array } = globalThis;
  const made: number[] = [];
  globalThis.Uint32Array = new Proxy(Uint32Array, {
    construct(type, args) {
      const words = Reflect.construct(type, args);
      if (words.buffer === images.buffer) made.push(words.length);
      return words;
    },
  });
  try {
    fingerprint({ ids: [], images, labels: new Int32Array(100) });
  } finally {
    globalThis.Uint32Array = Uint32Array;
  }
  assertEquals(made, [length / 4]);
});

Deno.test("fingerprints() of all data differ with any split, client's name and size of images", () => {
  const clients = ["A", "B"].map((name) => ({ name, train: split, valid: split, test: split }));
  const data: Dataset = { classNames: ["x", "y", "z"], clients, imageSize: 1 };
  const [first, second] = clients;
  const other = { ...split, labels: split.labels.toReversed() };
  const all = [
    data,
    { ...data, imageSize: 2 },
    { ...data, clients: [second, first] },
    { ...data, clients: [first, { ...second, name: "C" }] },
    ...(["train", "valid", "test"] as const).flatMap((name) => [
      { ...data, clients: [{ ...first, [name]: other }, second] },
      { ...data, clients: [first, { ...second, [name]: other }] },
    ]),
  ].map((data) => fingerprints(data).whole);
  assertEquals(new Set(all).size, all.length);
  assertMatch(all[0], /^[0-9a-f]{16}$/);
  assertEquals(fingerprints(data).splits[1].valid, fingerprint(split));
});
