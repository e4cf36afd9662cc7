// How long reading a data folder takes: decoded in one thread, in several, and from the cache.

import { join } from "@std/path";
import type { ClientDataset, Dataset, Split } from "../src/data/dataset.ts";
import { demoDataset } from "../src/data/demo.ts";
import { type DatasetFolderOptions, readDatasetFolder } from "../src/data/folder.ts";
import { planOfDataset, writeDatasetFolder } from "../src/data/write_folder.ts";
import { CacheFolder } from "../src/io/cache_folder.ts";
import { assertEquals } from "../tests/assert.ts";
import { TemporaryFolder } from "../tests/data/tiny_folder.ts";

/** Different images, and how often the lists name each: to synthesize one takes longer than to read twenty. */
const [different, repetitions] = [240, 20];
const pixels = 64;
const threads = Math.max(2, Math.min(navigator.hardwareConcurrency, 8));

const folder = new TemporaryFolder();
addEventListener("unload", () => folder[Symbol.dispose]());
const dataset = await synthesize();
await writeDatasetFolder(folder.path, planOfDataset(dataset), pixels);
const cachePath = join(folder.path, "cache");

for (const size of [pixels, pixels / 2]) {
  const group = `${different * repetitions} images of ${pixels}×${pixels} to ${size}×${size}`;
  const ways: Readonly<Record<string, () => Partial<DatasetFolderOptions>>> = {
    "one thread": () => ({ threads: 1 }),
    [`${threads} threads`]: () => ({ threads }),
    "from the cache": () => ({ cache: new CacheFolder(cachePath) }),
  };
  const read = (options: Partial<DatasetFolderOptions>): Promise<Dataset> =>
    readDatasetFolder(folder.path, { imageSize: size, ...options });
  const expected = size === pixels ? dataset : await read({ threads: 1 });
  await read({ cache: new CacheFolder(cachePath) }); // fills it
  for (const [name, options] of Object.entries(ways)) {
    assertEquals(await read(options()), expected, `wrong images: ${name}`);
    Deno.bench(`${group}, ${name}`, { group, n: 5, warmup: 1 }, async () => {
      await read(options());
    });
  }
}

async function synthesize(): Promise<Dataset> {
  const sizes = { trainSize: different * 2 / 3, validSize: different / 6, testSize: different / 6 };
  const once = await demoDataset({ seed: 1, imageSize: pixels, ...sizes });
  const clients = once.clients.map(({ name, train, valid, test }): ClientDataset => ({
    ...{ name, train: repeated(train), valid: repeated(valid), test: repeated(test) },
  }));
  return { ...once, clients };
}

function repeated({ ids, images, labels }: Split): Split {
  const all = {
    ids: new Array(repetitions).fill(ids).flat(),
    images: new Uint8Array(repetitions * images.length),
    labels: new Int32Array(repetitions * labels.length),
  };
  for (let time = 0; time < repetitions; time++) {
    all.images.set(images, time * images.length);
    all.labels.set(labels, time * labels.length);
  }
  return all;
}
