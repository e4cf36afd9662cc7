// Reads a federation's data from a folder in the official layout.

import { join } from "@std/path";
import { namesOfLabels, readClassNames } from "./class_names.ts";
import { type ClientFolder, fileOf, openClientFolder } from "./client_folder.ts";
import { expectList, expectOptions } from "../tensor/checks.ts";
import { DataError } from "./data_error.ts";
import {
  type ClientDataset,
  type Dataset,
  expectSplits,
  type Split,
  type SplitName,
  splitNames,
} from "./dataset.ts";
import { imageExtensions } from "./image_names.ts";
import { summarizeNotes } from "./image_notes.ts";
import { type ImageBlock, type ImageCache, readBlocks } from "./image_cache.ts";
import { allocateImages } from "./image_memory.ts";
import { readImages, type ReadOptions } from "./image_threads.ts";
import { expectWithin, listFolder, readText } from "./listing.ts";
import { type ListedImage, parseSplitList } from "./split_list.ts";

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
  const { imageSize, limit = Infinity, splits = splitNames } = options;
  expectSplits(splits);
  if (options.clients) expectList("readDatasetFolder", "clients", options.clients);
  expectPositiveInteger("imageSize", imageSize);
  if (limit !== Infinity) expectPositiveInteger("limit", limit);
  if (options.threads !== undefined) expectPositiveInteger("threads", options.threads);

  const names = pickClients(path, await findClients(path), options.clients);
  const csvFolder = await findCsvFolder(path, options.csvFolder);
  const folders: ClientFolder[] = [];
  for (const name of names) folders.push(await openClientFolder(path, name, imageSize));
  const { classNames, lists } = await readLists(csvFolder, names, splits);
  const clients: ClientDataset[] = [];
  const blocks: ImageBlock[] = [];
  for (const folder of folders) {
    const { name } = folder;
    const prepare = (split: SplitName) => {
      const list = splits.includes(split) ? lists.get(`${split} ${name}`)! : [];
      return prepareSplit(folder, evenly(list, limit), imageSize, blocks);
    };
    clients.push({
      name,
      train: prepare("train"),
      valid: prepare("valid"),
      test: prepare("test"),
    });
  }
  const notes = options.cache !== undefined
    ? await readBlocks(blocks, imageSize, options.cache, options)
    : await readImages(blocks.flatMap(({ tasks }) => tasks), imageSize, options);
  const dataset = { clients, imageSize, classNames };
  return notes.length === 0 ? dataset : { ...dataset, warnings: summarizeNotes(notes) };
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
  return (await statOrNull(path))?.isDirectory ?? false;
}

async function isFile(path: string): Promise<boolean> {
  return (await statOrNull(path))?.isFile ?? false;
}

async function statOrNull(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Lists by "split client", and the names of the classes. */
interface Lists {
  readonly lists: ReadonlyMap<string, readonly ListedImage[]>;
  readonly classNames: readonly string[];
}

/** Reads the lists of the splits wanted; the others too where only they can tell how many classes there are. */
async function readLists(
  csvFolder: string,
  clients: readonly string[],
  wanted: readonly SplitName[],
): Promise<Lists> {
  const given = await readClassNames(csvFolder);
  const lists = new Map<string, readonly ListedImage[]>();
  for (const client of clients) {
    for (const split of splitNames) {
      const path = splitListPath(csvFolder, client, split);
      const isWanted = wanted.includes(split);
      if (!isWanted && (given !== null || !await isFile(path))) continue;
      lists.set(
        `${split} ${client}`,
        await readSplitList(csvFolder, path, given?.length ?? null),
      );
    }
  }
  const labels = [...lists.values()].flatMap((list) => list.map(({ label }) => label));
  return { lists, classNames: given ?? namesOfLabels(labels, csvFolder) };
}

async function readSplitList(
  csvFolder: string,
  path: string,
  classes: number | null,
): Promise<ListedImage[]> {
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

function findImage(folder: ClientFolder, { id, source }: ListedImage): string {
  const file = fileOf(folder, id);
  if (file !== undefined) return file;
  const names = imageExtensions.map((extension) => `${id}.${extension}`);
  throw new DataError(
    `Cannot find image ${id} of ${source}: ${folder.path} holds neither ${names.join(" nor ")}; ` +
      `add the image or remove the line`,
  );
}
