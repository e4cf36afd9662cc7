// How long making a batch takes: images taken by index, normalized, and augmented if wished.

import { augmentBatch } from "../src/data/augmentation.ts";
import type { Split } from "../src/data/dataset.ts";
import { type Batch, emptyBatch, emptyByteBatch, ImageSplit } from "../src/data/image_batches.ts";
import { RandomStream } from "../src/random.ts";
import { drawOf } from "../tests/data/draws.ts";
import { augmentReference } from "../tests/reference/augmentation.ts";
import { check } from "./tensors.ts";
import { benchSteps, gpu } from "./throughput.ts";

const clients = 4;
const roles = 2;
const rows = 16;
const options = { seed: 5, roles, byRole: false };
const epoch = 1;
const position = gpu.tensor(Uint32Array.of(0, epoch));

for (const size of [32, 128]) {
  const bytes = randomBytes(rows * size ** 2 * 3);
  const split: Split = { ids: [], images: bytes, labels: new Int32Array(rows) };
  const splits = Array.from({ length: clients }, (_, k) => new ImageSplit(gpu, split, size, k));
  const batch = emptyBatch(gpu, clients * roles, rows, size);
  const gathered = () =>
    splits.forEach((s, client) => s.gather(batch, position, { client, roles }));
  const augmented = () => {
    const raw = emptyByteBatch(gpu, clients, rows, size);
    splits.forEach((s, client) => s.gatherBytes(raw, batch, position, { client, roles }));
    augmentBatch(raw, batch, { position, ...options });
  };
  await checkImage("gather", gathered, batch, bytes.subarray(0, size ** 2 * 3));
  const draw = drawOf(options.seed, 0, epoch, 0);
  const picture = { size, bytes: bytes.subarray(0, size ** 2 * 3) };
  // Noise and warps of the GPU round to another byte here and there.
  await checkImage("augmentation", augmented, batch, augmentReference(picture, draw), 1e-2);

  const group = `batch of ${clients} clients × ${rows} images of ${size}×${size}`;
  const gigapixel = clients * rows * size ** 2 / 1e9;
  const runs = Math.ceil(0.003 / gigapixel);
  const result = 4 * 3 * roles; // bytes of a pixel in the batch: three floats for each model
  benchSteps(
    `${group}, as they are`,
    { group, runs, gigabyte: gigapixel * (3 + result) },
    gathered,
  );
  // Between its four kernels a pixel is a word.
  const steps = 3 + 3 * 2 * 4;
  benchSteps(
    `${group}, augmented`,
    { group, runs, gigabyte: gigapixel * (steps + result) },
    augmented,
  );
}

function randomBytes(length: number): Uint8Array {
  const random = new RandomStream(length);
  return Uint8Array.from({ length }, () => random.integer(256));
}

/** Compares the first image of the first model, in channel planes, with RGB bytes. */
async function checkImage(
  what: string,
  make: () => void,
  { x }: Batch,
  rgb: ArrayLike<number>,
  tolerance?: number,
): Promise<void> {
  using _scope = gpu.scope();
  make();
  const pixels = rgb.length / 3;
  const expected = Float64Array.from(
    rgb,
    (_, i) => rgb[i % pixels * 3 + Math.floor(i / pixels)] / 127.5 - 1,
  );
  await check(what, x.view([3, pixels]), expected, tolerance);
}
