// A few letters that tell the images and labels of one split from those of another.

import { type Dataset, type Split, type SplitName, splitNames } from "../data/dataset.ts";

/** What tells a data set from others. */
export interface Fingerprints {
  /** of each client's splits, in the order of the clients */
  readonly splits: readonly Readonly<Record<SplitName, string>>[];
  /** of all of them together, with their clients' names and the size of the images */
  readonly whole: string;
}

/** Goes through all images, so make them once. */
export function fingerprints({ clients, imageSize }: Dataset): Fingerprints {
  const splits = clients.map((client) =>
    Object.fromEntries(splitNames.map((name) => [name, fingerprint(client[name])]))
  ) as Record<SplitName, string>[];
  const hash = new Hash();
  const facts = JSON.stringify([imageSize, clients.map(({ name }) => name), splits]);
  hash.add(wordsOf(new TextEncoder().encode(facts)));
  return { splits, whole: hash.digits };
}

/**
 * A hash of 64 bits over all pixels and labels in their order, as hexadecimal digits. Made to notice another
 * data set by accident, in a millisecond per megabyte; no one is kept from making two that agree.
 */
export function fingerprint({ images, labels }: Split): string {
  const hash = new Hash();
  hash.add(wordsOf(images));
  hash.add(wordsOf(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength)));
  return hash.digits;
}

/**
 * Two chains of 32 bits, one of every other word, for a processor runs them side by side. Each step can be undone,
 * so that a change of a single word always shows at the end.
 */
class Hash {
  #first = 0x9e3779b9;
  #second = 0x85ebca6b;

  add(words: Uint32Array): void {
    let [first, second] = [this.#first, this.#second];
    for (let i = 0; i < words.length; i += 2) {
      first = Math.imul(first ^ words[i], 0x9e3779b1); // odd
      first ^= first >>> 15; // or high bits would never reach low ones
      second = Math.imul(second ^ words[i + 1], 0x9e3779b1);
      second ^= second >>> 15;
    }
    this.#first = first;
    this.#second = second;
  }

  get digits(): string {
    const halves = [this.#first, this.#second];
    return halves.map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }
}

/** Words in pairs, zeros behind the last byte; a copy where they do not lie so already. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  if (byteOffset % 4 === 0 && byteLength % 8 === 0) {
    return new Uint32Array(buffer, byteOffset, byteLength / 4);
  }
  const padded = new Uint8Array(Math.ceil(byteLength / 8) * 8);
  padded.set(bytes);
  return new Uint32Array(padded.buffer);
}
