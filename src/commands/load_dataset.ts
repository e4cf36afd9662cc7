// The data of a run: a folder's or the built-in demo's, as the flags say.

import { classWarnings } from "../data/class_names.ts";
import type { Dataset, SplitName } from "../data/dataset.ts";
import { demoDataset } from "../data/demo.ts";
import { readDatasetFolder } from "../data/folder.ts";
import { CacheFolder } from "../io/cache_folder.ts";
import { userCacheFolder } from "../io/user_cache.ts";
import { oneLine } from "./expected_error.ts";
import type { DataOptions } from "./flags.ts";
import { loadOwnDataset } from "./own_modules.ts";
import { ReadingLine } from "./reading_line.ts";
import { UsageError } from "./usage_error.ts";
import { isModulePath } from "./values.ts";

/** Value of `--data` that stands for the built-in data. */
export const demoData = "demo";

/** The demo data do not depend on `--seed`, so that runs of different seeds can be compared. */
export const demoSeed = 1;

/** Which data, and how to read them. */
export interface LoadOptions extends DataOptions {
  /** keep decoded images in the user's cache folder */
  readonly cache: boolean;
  /** default all; else the others stay empty */
  readonly splits?: readonly SplitName[];
}

/**
 * As `loadDataset()`, with a progress line if there is somebody to see it, until `signal` ends it; warnings go to
 * standard error.
 */
export async function showLoading(
  options: LoadOptions,
  visible: boolean,
  signal: AbortSignal,
): Promise<Dataset> {
  const dataset = await readShowing(options, visible, signal);
  for (const warning of datasetWarnings(dataset)) console.error(`warning: ${oneLine(warning)}`);
  return dataset;
}

async function readShowing(
  options: LoadOptions,
  visible: boolean,
  signal: AbortSignal,
): Promise<Dataset> {
  using line = new ReadingLine(visible, "Reading images");
  return await loadDataset(options, (done, total) => {
    signal.throwIfAborted();
    line.show(done, total);
  });
}

function datasetWarnings({ clients, classNames, warnings = [] }: Dataset): readonly string[] {
  // Where only some splits were read there is nothing to be said about training.
  if (clients.every(({ train }) => train.ids.length === 0)) return warnings;
  return [...warnings, ...classWarnings(clients.map(({ train }) => train.labels), classNames)];
}

/**
 * Reads or synthesizes the images.
 *
 * @param onProgress called after every image
 * @throws {DataError} if files are missing or unusable
 */
export async function loadDataset(
  options: LoadOptions,
  onProgress: (done: number, total: number) => void,
): Promise<Dataset> {
  if (options.data === demoData) {
    return await demoDataset({
      seed: demoSeed,
      imageSize: options.imageSize,
      clients: options.clients ?? undefined,
      limit: options.limit ?? undefined,
      splits: options.splits,
      onProgress,
    });
  }
  if (isModulePath(options.data)) return await loadOwnDataset(options);
  return await readDatasetFolder(options.data, {
    imageSize: options.imageSize,
    csvFolder: options.csvFolder ?? undefined,
    clients: options.clients ?? undefined,
    limit: options.limit ?? undefined,
    splits: options.splits,
    cache: options.cache ? openCache() : undefined,
    onProgress,
  });
}

function openCache(): CacheFolder | undefined {
  const path = userCacheFolder("prrfl-webgpu");
  return path === null ? undefined : new CacheFolder(path);
}

/** Checks what can be checked without reading an image. */
export function checkDataFlags({ data, csvFolder }: DataOptions): void {
  if (csvFolder === null || data !== demoData && !isModulePath(data)) return;
  const what = data === demoData ? "the demo data need" : "data of a module need";
  throw new UsageError(
    `Cannot use --csv-folder ${csvFolder} with --data ${data}: ${what} no lists; ` +
      "leave one of the two out",
  );
}
