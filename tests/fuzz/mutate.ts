// Damages bytes and text at random: as disks, editors, other programs and ill will do.

import type { RandomStream } from "../../src/random.ts";

/** One of the items. */
export function pick<T>(random: RandomStream, items: readonly T[]): T {
  return items[random.integer(items.length)];
}

/** Numbers at which readers go wrong. */
const edges = [0, 1, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

/** Changes bytes in one to four ways. */
export function mutateBytes(random: RandomStream, original: Uint8Array): Uint8Array<ArrayBuffer> {
  let bytes = original.slice();
  for (let left = 1 + random.integer(4); left > 0; left--) {
    bytes = pick(random, byteMutations)(random, bytes);
  }
  return bytes;
}

type Bytes = Uint8Array<ArrayBuffer>;

const byteMutations: readonly ((random: RandomStream, bytes: Bytes) => Bytes)[] = [
  (random, bytes) => { // a bit
    if (bytes.length > 0) bytes[random.integer(bytes.length)] ^= 1 << random.integer(8);
    return bytes;
  },
  (random, bytes) => { // a byte
    if (bytes.length > 0) bytes[random.integer(bytes.length)] = pick(random, edges);
    return bytes;
  },
  (random, bytes) => { // a number of two, four or eight bytes
    const size = pick(random, [2, 4, 8]);
    if (bytes.length < size) return bytes;
    const view = new DataView(bytes.buffer, random.integer(bytes.length - size + 1));
    const value = random.integer(2) ? pick(random, edges) : bytes.length - 4 + random.integer(9);
    if (size === 2) view.setUint16(0, value, true);
    else if (size === 4) view.setUint32(0, value, true);
    else view.setBigUint64(0, random.integer(4) ? BigInt(Math.max(0, value)) : ~0n, true);
    return bytes;
  },
  (random, bytes) => bytes.slice(0, random.integer(bytes.length + 1)), // cut off
  (random, bytes) => { // a part is missing, or there twice
    const [from, to] = rangeIn(random, bytes.length);
    return concatenated(bytes.subarray(0, to), bytes.subarray(random.integer(2) ? from : to));
  },
  (random, bytes) => { // without a part
    const [from, to] = rangeIn(random, bytes.length);
    return concatenated(bytes.subarray(0, from), bytes.subarray(to));
  },
  (random, bytes) => { // with something foreign in the middle
    const foreign = Uint8Array.from({ length: 1 + random.integer(20) }, () => random.integer(256));
    const at = random.integer(bytes.length + 1);
    return concatenated(bytes.subarray(0, at), foreign, bytes.subarray(at));
  },
];

function rangeIn(random: RandomStream, length: number): [number, number] {
  const from = random.integer(length + 1);
  return [from, Math.min(length, from + random.integer(random.integer(2) ? 16 : length + 1))];
}

/** One after the other. */
export function concatenated(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Words, numbers, strings and signs of JSON, CSV and Python. */
const token = /"(?:[^"\\]|\\.)*"|'[^']*'|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|\w+|[[\](){},:;]|\r?\n/g;

/** What readers do not reckon with, as JSON or nearly so. */
const strangers = [
  ...["0", "-1", "1", "2", "0.5", "-0", "1e308", "1e999", "9007199254740993", "4294967296", "NaN"],
  ...["null", "true", "{}", "[]", '""', '"x"', "[[1]]", '{"a":{}}', '"NaN"', '"__proto__"', "''"],
  ...[
    '"constructor"',
    '"toString"',
    '{"toString":1}',
    '{"__proto__":null}',
    '"\\u0000"',
    '"\\ud800"',
  ],
  ...["(", ")", "[", "]", "{", "}", ",", ":", ";", '"', "\n", "\r", "\ufeff", "\u2028", ""],
  ...["[".repeat(9000) + "]".repeat(9000), `[${"1,".repeat(500)}1]`, "9".repeat(400)],
];

/** Changes text in one to three places, between which it stays well formed. */
export function mutateText(random: RandomStream, text: string): string {
  const tokens = [...text.matchAll(token)];
  if (tokens.length === 0) return pick(random, strangers);
  const changes = Array.from({ length: 1 + random.integer(3) }, () => pick(random, tokens))
    .toSorted((a, b) => b.index - a.index);
  return changes.reduce((changed, { 0: old, index }) => {
    const replacement = pick(random, [
      () => pick(random, strangers),
      () => pick(random, tokens)[0],
      () => old + old,
      () => "",
      () => `${old},${old}`,
    ])();
    return changed.slice(0, index) + replacement + changed.slice(index + old.length);
  }, text);
}
