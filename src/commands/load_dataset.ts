// The data of a run: a folder's or the built-in demo's, as the flags say.

import type { Dataset, Split } from "../data/dataset.ts";
import { demoDataset } from "../data/demo.ts";
import { readDatasetFolder } from "../data/folder.ts";
import type { DataOptions } from "./flags.ts";
import { UsageError } from "./usage_error.ts";

/** Value of `--data` that stands for the built-in data. */
const demoData = "demo";

/** The demo data do not depend on `--seed`, so that runs of different seeds can be compared. */
const demoSeed = 1;

/**
 * Reads or synthesizes the images.
 *
 * @param onProgress called after every image that is read
 * @throws {DataError} if files are missing or unusable
 * @throws {UsageError} if a flag does not fit the demo data
 */
export async function loadDataset(
  options: DataOptions,
  onProgress: (done: number, total: number) => void,
): Promise<Dataset> {
  if (options.data === demoData) return pickDemoData(options);
  return await readDatasetFolder(options.data, {
    imageSize: options.imageSize,
    csvFolder: options.csvFolder ?? undefined,
    clients: options.clients ?? undefined,
    limit: options.limit ?? undefined,
    onProgress,
  });
}

/** Checks what can be checked without reading an image. */
export function checkDataFlags({ data, csvFolder }: DataOptions): void {
  if (data === demoData && csvFolder !== null) {
    throw new UsageError(
      `Cannot use --csv-folder ${csvFolder} with --data ${demoData}: the demo data need no lists; ` +
        "leave one of the two out",
    );
  }
}

function pickDemoData({ imageSize, clients, limit }: DataOptions): Dataset {
  const whole = demoDataset({ seed: demoSeed, imageSize });
  const names = whole.clients.map(({ name }) => name);
  const unknown = clients?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `Cannot use client ${unknown} of the demo data: choose from ${names.join(", ")}`,
    );
  }
  const picked = whole.clients.filter(({ name }) => clients?.includes(name) ?? true);
  const count = limit ?? Infinity;
  return {
    ...whole,
    clients: picked.map(({ name, train, valid, test }) => ({
      name,
      train: firstOf(train, count),
      valid: firstOf(valid, count),
      test: firstOf(test, count),
    })),
  };
}

function firstOf({ ids, images, labels }: Split, count: number): Split {
  if (count >= ids.length) return { ids, images, labels };
  const bytes = count * images.length / ids.length;
  return {
    ids: ids.slice(0, count),
    images: images.slice(0, bytes),
    labels: labels.slice(0, count),
  };
}
