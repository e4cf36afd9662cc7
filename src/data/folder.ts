// Reads a federation's data from a folder in the official layout.

import { join } from "@std/path";
import { type ClientFolder, imageExtensions, openClientFolder } from "./client_folder.ts";
import { type ListedImage, parseSplitList } from "./csv.ts";
import { DataError } from "./data_error.ts";
import { readClassNames } from "./class_names.ts";
import {
  type ClientDataset,
  type Dataset,
  type Split,
  type SplitName,
  splitNames,
} from "./dataset.ts";
import { type ImageBlock, type ImageCache, readBlocks } from "./image_cache.ts";
import { allocateImages } from "./image_memory.ts";
import { readImages, type ReadOptions } from "./image_threads.ts";
import { expectWithin, listFolder, readText } from "./listing.ts";

/** What of a data folder to read, and how. */
export interface DatasetFolderOptions extends ReadOptions {
  /** height and width of the images wanted, pixels */
  readonly imageSize: number;
  /** folder of the split lists; default `csv_folder` in the data folder, else beside it */
  readonly csvFolder?: string;
  /** names of the clients wanted ("A"); default all */
  readonly clients?: readonly string[];
  /** keep at most so many images of every split, evenly spaced in the list; default all */
  readonly limit?: number;
  /** splits wanted; the others stay empty, and their lists unread; default all */
  readonly splits?: readonly SplitName[];
  /** where decoded images are kept; default nowhere */
  readonly cache?: ImageCache;
}

/**
 * Reads `<path>/client<X>/img_resize<px>/<image_id>.{png,jpg,jpeg}` as listed in
 * `csv_folder/client<X>/{train,valid,test}_client<X>.csv`. The smallest stored size that is large enough is read,
 * and area-averaged to `imageSize`. Every client present takes part unless some are named. The classes are those
 * of `csv_folder/classes.json`, or the paper's three.
 *
 * Links that lead out of the folders are refused: whoever makes the data decides nothing about other files.
 *
 * @throws {RangeError} unless `imageSize`, `limit` and `threads` are positive whole numbers
 * @throws {DataError} when a folder, list or image is missing or unusable
 */
export async function readDatasetFolder(
  path: string,
  options: DatasetFolderOptions,
): Promise<Dataset> {
  const { imageSize, limit = Infinity, splits = splitNames } = options;
  expectPositiveInteger("imageSize", imageSize);
  if (limit !== Infinity) expectPositiveInteger("limit", limit);
  if (options.threads !== undefined) expectPositiveInteger("threads", options.threads);

  const names = pickClients(path, await findClients(path), options.clients);
  const csvFolder = await findCsvFolder(path, options.csvFolder);
  const classNames = await readClassNames(csvFolder);
  const clients: ClientDataset[] = [];
  const blocks: ImageBlock[] = [];
  for (const name of names) {
    const folder = await openClientFolder(path, name, imageSize);
    const prepare = async (split: SplitName) => {
      const list = splits.includes(split)
        ? await readSplitList(csvFolder, name, split, classNames.length)
        : [];
      return prepareSplit(folder, evenly(list, limit), imageSize, blocks);
    };
    const [train, valid, test] = [
      await prepare("train"),
      await prepare("valid"),
      await prepare("test"),
    ];
    clients.push({ name, train, valid, test });
  }
  if (options.cache !== undefined) await readBlocks(blocks, imageSize, options.cache, options);
  else await readImages(blocks.flatMap(({ tasks }) => tasks), imageSize, options);
  return { clients, imageSize, classNames };
}

/** At most `count` items, evenly spaced: the official lists are sorted by class. */
function evenly<T>(items: readonly T[], count: number): readonly T[] {
  if (count >= items.length) return items;
  return Array.from({ length: count }, (_, i) => items[Math.floor(i * items.length / count)]);
}

function expectPositiveInteger(name: string, value: number): void {
  if (Number.isInteger(value) && value > 0) return;
  throw new RangeError(`Cannot read images: ${name} is ${value} but has to be a positive integer`);
}

/** Names of the clients of a data folder, sorted. */
async function findClients(path: string): Promise<string[]> {
  const remedy =
    "pass the folder that holds clientA, clientB and so on with --data, or --data demo";
  const entries = await listFolder(path, "data folder", remedy);
  const names = entries
    .flatMap(({ name, isFile }) => isFile ? [] : name.match(/^client(.+)$/)?.[1] ?? [])
    .sort();
  if (names.length > 0) return names;
  throw new DataError(`Cannot find clients in ${path}: it holds no folder client<name>; ${remedy}`);
}

function pickClients(
  path: string,
  found: readonly string[],
  wanted: readonly string[] = found,
): string[] {
  const unknown = wanted.find((name) => !found.includes(name));
  if (unknown === undefined) return found.filter((name) => wanted.includes(name));
  throw new DataError(`Cannot find client ${unknown} in ${path}: choose from ${found.join(", ")}`);
}

async function findCsvFolder(path: string, given: string | undefined): Promise<string> {
  const candidates = given === undefined
    ? [join(path, "csv_folder"), join(path, "..", "csv_folder")]
    : [given];
  for (const candidate of candidates) {
    if (await isFolder(candidate)) return candidate;
  }
  throw new DataError(
    `Cannot find the split lists: there is no folder ${candidates.join(" or ")}; ` +
      `name the folder that holds them with --csv-folder`,
  );
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function readSplitList(
  csvFolder: string,
  client: string,
  split: SplitName,
  classes: number,
): Promise<ListedImage[]> {
  const path = splitListPath(csvFolder, client, split);
  const remedy = "add it, or name the folder of the lists with --csv-folder";
  await expectWithin(csvFolder, path, "file");
  return parseSplitList(await readText(path, "split list", remedy), path, classes);
}

/** Where the list of a split is. */
export function splitListPath(csvFolder: string, client: string, split: SplitName): string {
  return join(csvFolder, `client${client}`, `${split}_client${client}.csv`);
}

/** Makes a split whose pixels are still to be filled in, by the block appended to `blocks`. */
function prepareSplit(
  folder: ClientFolder,
  list: readonly ListedImage[],
  imageSize: number,
  blocks: ImageBlock[],
): Split {
  const bytesPerImage = imageSize * imageSize * 3;
  const images = allocateImages(list.length, imageSize);
  const tasks = list.map((image, index) => ({
    path: findImage(folder, image),
    storedSize: folder.storedSize,
    target: images.subarray(index * bytesPerImage, (index + 1) * bytesPerImage),
  }));
  if (tasks.length > 0) blocks.push({ tasks, images });
  return {
    ids: list.map(({ id }) => id),
    images,
    labels: Int32Array.from(list, ({ label }) => label),
  };
}

function findImage({ path, files }: ClientFolder, { id, source }: ListedImage): string {
  const file = files.get(id);
  if (file !== undefined) return file;
  const names = imageExtensions.map((extension) => `${id}.${extension}`);
  throw new DataError(
    `Cannot find image ${id} of ${source}: ${path} holds neither ${names.join(" nor ")}; ` +
      `add the image or remove the line`,
  );
}
