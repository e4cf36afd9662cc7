// The data of a run: a folder's or the built-in demo's, as the flags say.

import type { Dataset } from "../data/dataset.ts";
import { demoDataset } from "../data/demo.ts";
import { readDatasetFolder } from "../data/folder.ts";
import type { DataOptions } from "./flags.ts";
import { ReadingLine } from "./reading_line.ts";
import { UsageError } from "./usage_error.ts";

/** Value of `--data` that stands for the built-in data. */
const demoData = "demo";

/** The demo data do not depend on `--seed`, so that runs of different seeds can be compared. */
const demoSeed = 1;

/** As `loadDataset()`, with a progress line if there is somebody to see it, until `signal` ends it. */
export async function showLoading(
  options: DataOptions,
  visible: boolean,
  signal: AbortSignal,
): Promise<Dataset> {
  using line = new ReadingLine(visible, "Reading images");
  return await loadDataset(options, (done, total) => {
    signal.throwIfAborted();
    line.show(done, total);
  });
}

/**
 * Reads or synthesizes the images.
 *
 * @param onProgress called after every image
 * @throws {DataError} if files are missing or unusable
 */
export async function loadDataset(
  options: DataOptions,
  onProgress: (done: number, total: number) => void,
): Promise<Dataset> {
  if (options.data === demoData) {
    return await demoDataset({
      seed: demoSeed,
      imageSize: options.imageSize,
      clients: options.clients ?? undefined,
      limit: options.limit ?? undefined,
      onProgress,
    });
  }
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
