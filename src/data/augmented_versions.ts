// Images as training sees them, brought back from the GPU.

import type { Gpu } from "../tensor/gpu.ts";
import { augmentBatch } from "./augmentation.ts";
import type { Split } from "./dataset.ts";
import { emptyBatch, emptyByteBatch, ImageSplit } from "./image_batches.ts";

/** What the random numbers of the augmentation depend on. */
export interface VersionOptions {
  readonly imageSize: number;
  readonly seed: number;
  /** the client's index in the dataset */
  readonly stream: number;
  /** models of each client */
  readonly roles: number;
  /** one version for each of these keys of an epoch */
  readonly epochs: readonly number[];
}

/**
 * Augmented versions of some images of a split.
 *
 * @param chosen indices of the images in the split
 * @returns RGB bytes `[version][image][imageSize, imageSize, 3]`
 */
export async function augmentedVersions(
  gpu: Gpu,
  split: Split,
  chosen: readonly number[],
  options: VersionOptions,
): Promise<Uint8Array[][]> {
  using _scope = gpu.scope();
  const images = new ImageSplit(gpu, split, options.imageSize, options.stream);
  const rest = [...split.ids.keys()].filter((index) => !chosen.includes(index));
  images.setOrder(Uint32Array.from([...chosen, ...rest]));
  const versions: Uint8Array[][] = [];
  for (const epoch of options.epochs) {
    versions.push(await augmentFirst(gpu, images, chosen.length, epoch, options));
  }
  images.dispose();
  return versions;
}

/** The first images of the split's order, as the first role sees them. */
async function augmentFirst(
  gpu: Gpu,
  images: ImageSplit,
  rows: number,
  epoch: number,
  { imageSize, seed, roles }: VersionOptions,
): Promise<Uint8Array[]> {
  using _scope = gpu.scope();
  const position = gpu.tensor(Uint32Array.of(0, epoch));
  const batch = emptyBatch(gpu, roles, rows, imageSize);
  const bytes = emptyByteBatch(gpu, 1, rows, imageSize);
  images.gatherBytes(bytes, batch, position, { client: 0, roles });
  augmentBatch(bytes, batch, { position, seed, roles, byRole: false });
  const x = await batch.x.read();
  return Array.from({ length: rows }, (_, row) => bytesOf(x, row, imageSize ** 2));
}

/** From normalized channel planes. */
function bytesOf(x: ArrayLike<number>, row: number, pixels: number): Uint8Array {
  return Uint8Array.from({ length: pixels * 3 }, (_, i) => {
    const value = x[(row * 3 + i % 3) * pixels + Math.floor(i / 3)];
    return Math.round(value * 127.5 + 127.5);
  });
}
