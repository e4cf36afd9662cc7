// Reads a federation's data from a folder in the official layout.

import { expectList, expectOptions } from "../tensor/checks.ts";
import { type Dataset, expectSplits } from "./dataset.ts";
import { diskFiles } from "./disk_files.ts";
import { type ImageCache, readBlocks } from "./image_cache.ts";
import { summarizeNotes } from "./image_notes.ts";
import { readImages, type ReadOptions } from "./image_threads.ts";
import { type FolderSelection, openOfficialFolder } from "./official_folder.ts";

/** What of a data folder to read, and how. */
export interface DatasetFolderOptions extends FolderSelection, ReadOptions {
  /** where decoded images are kept; default nowhere */
  readonly cache?: ImageCache;
}

const known: readonly (keyof DatasetFolderOptions)[] = [
  ...["imageSize", "csvFolder", "clients", "limit", "splits", "cache"] as const,
  ...["threads", "cores", "onProgress"] as const,
];

/**
 * Reads `<path>/client<X>/img_resize<px>/<image_id>.{png,jpg,jpeg}` as listed in
 * `csv_folder/client<X>/{train,valid,test}_client<X>.csv`. The smallest stored size that is large enough is read,
 * and area-averaged to `imageSize`. Every client present takes part unless some are named. The classes are those
 * of `csv_folder/classes.json`; without it, those whose labels the clients' lists have.
 *
 * Links that lead out of the folders are refused: whoever makes the data decides nothing about other files.
 *
 * @throws {TypeError} for options that are unknown or missing
 * @throws {RangeError} unless `imageSize`, `limit` and `threads` are positive whole numbers
 * @throws {DataError} when a folder, list or image is missing or unusable
 */
export async function readDatasetFolder(
  path: string,
  options: DatasetFolderOptions,
): Promise<Dataset> {
  expectOptions("readDatasetFolder", options, known, ["imageSize"]);
  const { imageSize, limit = Infinity, splits } = options;
  if (splits !== undefined) expectSplits(splits);
  if (options.clients) expectList("readDatasetFolder", "clients", options.clients);
  expectPositiveInteger("imageSize", imageSize);
  if (limit !== Infinity) expectPositiveInteger("limit", limit);
  if (options.threads !== undefined) expectPositiveInteger("threads", options.threads);

  const { dataset, blocks } = await openOfficialFolder(diskFiles, path, options);
  const notes = options.cache !== undefined
    ? await readBlocks(blocks, imageSize, options.cache, options)
    : await readImages(blocks.flatMap(({ tasks }) => tasks), imageSize, options);
  return notes.length === 0 ? dataset : { ...dataset, warnings: summarizeNotes(notes) };
}

function expectPositiveInteger(name: string, value: number): void {
  if (Number.isInteger(value) && value > 0) return;
  throw new RangeError(`Cannot read images: ${name} is ${value} but has to be a positive integer`);
}
