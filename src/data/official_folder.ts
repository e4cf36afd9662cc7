// A federation in the official layout: clients, lists and classes found, and the tasks that fill in the pixels.

import { namesOfLabels, readClassNames } from "./class_names.ts";
import { type ClientFolder, fileOf, openClientFolder } from "./client_folder.ts";
import { DataError } from "./data_error.ts";
import {
  type ClientDataset,
  type Dataset,
  type Split,
  type SplitName,
  splitNames,
} from "./dataset.ts";
import type { FileTree } from "./file_tree.ts";
import type { ImageBlock } from "./image_files.ts";
import { allocateImages } from "./image_memory.ts";
import { imageExtensions } from "./image_names.ts";
import { listFolder, readText } from "./listing.ts";
import { chooseGroupColumns, groupsBy } from "./groups.ts";
import { type ListedImage, parseSplitList } from "./split_list.ts";

/** What of a data folder is wanted. */
export interface FolderSelection {
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
}

/** A federation whose pixels are all 0 until the tasks of the blocks are done. */
export interface OpenedFolder {
  readonly dataset: Dataset;
  readonly blocks: readonly ImageBlock[];
}

/**
 * Reads all but the pixels of `<path>/client<X>/img_resize<px>/<image_id>.{png,jpg,jpeg}`.
 *
 * @throws {DataError} when a folder, list or image is missing or unusable
 */
export async function openOfficialFolder(
  files: FileTree,
  path: string,
  selection: FolderSelection,
): Promise<OpenedFolder> {
  const { imageSize, limit = Infinity, splits = splitNames } = selection;
  const names = pickClients(path, await findClients(files, path), selection.clients);
  const csvFolder = await findCsvFolder(files, path, selection.csvFolder);
  const folders: ClientFolder[] = [];
  for (const name of names) folders.push(await openClientFolder(files, path, name, imageSize));
  const { classNames, lists } = await readLists(files, csvFolder, names, splits);
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
  return { dataset: { clients, imageSize, classNames }, blocks };
}

/** At most `count` items, evenly spaced: the official lists are sorted by class. */
function evenly<T>(items: readonly T[], count: number): readonly T[] {
  if (count >= items.length) return items;
  return Array.from({ length: count }, (_, i) => items[Math.floor(i * items.length / count)]);
}

/** Names of the clients of a data folder, sorted. */
async function findClients(files: FileTree, path: string): Promise<string[]> {
  const remedy =
    "pass the folder that holds clientA, clientB and so on with --data, or --data demo";
  const entries = await listFolder(files, path, "data folder", remedy);
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

async function findCsvFolder(
  files: FileTree,
  path: string,
  given: string | undefined,
): Promise<string> {
  const candidates = given === undefined
    ? [files.join(path, "csv_folder"), files.join(path, "..", "csv_folder")]
    : [given];
  for (const candidate of candidates) {
    if (await files.kindOf(candidate) === "folder") return candidate;
  }
  throw new DataError(
    `Cannot find the split lists: there is no folder ${candidates.join(" or ")}; ` +
      `name the folder that holds them with --csv-folder`,
  );
}

/** An image of a list whose columns may tell which lesion or patient it shows. */
interface GroupedImage extends ListedImage {
  readonly group: string | null;
}

/** Lists by "split client", and the names of the classes. */
interface Lists {
  readonly lists: ReadonlyMap<string, readonly GroupedImage[]>;
  readonly classNames: readonly string[];
}

/** Reads the lists of the splits wanted; the others too where only they can tell how many classes there are. */
async function readLists(
  files: FileTree,
  csvFolder: string,
  clients: readonly string[],
  wanted: readonly SplitName[],
): Promise<Lists> {
  const given = await readClassNames(files, csvFolder);
  const lists = new Map<string, readonly GroupedImage[]>();
  for (const client of clients) {
    for (const split of splitNames) {
      const path = splitListPath(files, csvFolder, client, split);
      const isWanted = wanted.includes(split);
      if (!isWanted && (given !== null || await files.kindOf(path) !== "file")) continue;
      lists.set(
        `${split} ${client}`,
        await readSplitList(files, csvFolder, path, given?.length ?? null),
      );
    }
  }
  const labels = [...lists.values()].flatMap((list) => list.map(({ label }) => label));
  return { lists, classNames: given ?? namesOfLabels(files, labels, csvFolder) };
}

async function readSplitList(
  files: FileTree,
  csvFolder: string,
  path: string,
  classes: number | null,
): Promise<GroupedImage[]> {
  const remedy = "add it, or name the folder of the lists with --csv-folder";
  await files.expectWithin(csvFolder, path, "file");
  const list = parseSplitList(await readText(files, path, "split list", remedy), path, classes);
  const fields = list.map(({ fields }) => fields);
  const columns = chooseGroupColumns([{ header: Object.keys(fields[0]), path }], null).used;
  const groups = groupsBy(fields, columns);
  return list.map((image, index) => ({ ...image, group: groups[index] }));
}

/** Where the list of a split is. */
export function splitListPath(
  files: FileTree,
  csvFolder: string,
  client: string,
  split: SplitName,
): string {
  return files.join(csvFolder, `client${client}`, `${split}_client${client}.csv`);
}

/** Makes a split whose pixels are still to be filled in, by the block appended to `blocks`. */
function prepareSplit(
  folder: ClientFolder,
  list: readonly GroupedImage[],
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
    ...(list.some(({ group }) => group !== null) ? { groups: list.map(({ group }) => group) } : {}),
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
