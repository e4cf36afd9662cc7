// A few letters that tell the images and labels of one split from those of another.

import { type Dataset, type Split, type SplitName, splitNames } from "../data/dataset.ts";
import { Hash } from "../hash.ts";

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
  hash.add(new TextEncoder().encode(facts));
  return { splits, whole: hash.digits };
}

/**
 * A hash of 64 bits over all pixels and labels in their order, as hexadecimal digits. Made to notice another
 * data set by accident, in a millisecond per megabyte; no one is kept from making two that agree.
 */
export function fingerprint({ images, labels }: Split): string {
  const hash = new Hash();
  hash.add(images);
  hash.add(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  return hash.digits;
}
