// Reads a federation from a folder of either layout, and says what is expected where it has neither.

import { readClientClassFolders } from "./client_class_folders.ts";
import { DataError } from "./data_error.ts";
import { type Dataset, splitNames } from "./dataset.ts";
import { isSplitFolder } from "./class_folders.ts";
import type { FileTree } from "./file_tree.ts";
import { readImageFiles } from "./image_files.ts";
import { isImageFolder, isImageName } from "./image_names.ts";
import { summarizeNotes } from "./image_notes.ts";
import type { ImageSource } from "./image_tree.ts";
import { openOfficialFolder } from "./official_folder.ts";

/** How to read it. */
export interface FederationOptions {
  /** height and width of the images wanted, pixels */
  readonly imageSize: number;
  /** of plain folders: which images train, validate and test follows from it */
  readonly seed: number;
  /** called after every image, with the numbers of images read and to be read */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Reads a folder in the official layout, or a folder above one with its lists beside it, as `readDatasetFolder()`
 * does; else `<path>/<client>/<class>/<image>` as `readClientClassFolders()` does.
 *
 * @throws {DataError} when it has neither layout, or anything of it is missing or unusable
 */
export async function readFederationFolder(
  source: ImageSource,
  path: string,
  options: FederationOptions,
): Promise<Dataset> {
  const { files, decode } = source;
  const { imageSize, onProgress } = options;
  const official = await findOfficial(files, path);
  if (official !== null) {
    const { dataset, blocks } = await openOfficialFolder(files, official, { imageSize });
    const tasks = blocks.flatMap(({ tasks }) => tasks);
    const notes = await readImageFiles(files, tasks, imageSize, decode, onProgress);
    return { ...dataset, warnings: summarizeNotes(notes) };
  }
  const dataset = await readClientClassFolders(source, path, options);
  if (dataset !== null) return dataset;
  throw new DataError(
    `Cannot use the folder ${path}: ${await misfitOf(
      files,
      path,
    )}; it has to hold a folder for each ` +
      `client, in it one for each class, in it images (${path}/siteA/nv/1.png), or be in the official layout ` +
      `(${path}/clientA/img_resize128/1.png with lists ${path}/csv_folder/clientA/{${splitNames}}_clientA.csv)`,
  );
}

/** The folder that holds the clients of the official layout: the one itself, or one in it; null if there is none. */
async function findOfficial(files: FileTree, path: string): Promise<string | null> {
  if (await isOfficial(files, path)) return path;
  for (const name of await foldersIn(files, path)) {
    const inner = files.join(path, name);
    if (await files.kindOf(files.join(path, "csv_folder")) !== "folder") break;
    if (name !== "csv_folder" && await isOfficial(files, inner)) return inner;
  }
  return null;
}

/** Has it clients, and what only the official layout has: lists, or images below the size they are stored in? */
async function isOfficial(files: FileTree, path: string): Promise<boolean> {
  const clients = (await foldersIn(files, path)).filter((name) => /^client.+$/.test(name));
  if (clients.length === 0) return false;
  if (await files.kindOf(files.join(path, "csv_folder")) === "folder") return true;
  for (const client of clients) {
    const names = await foldersIn(files, files.join(path, client));
    if (names.some((name) => /^img_resize[1-9]\d*$/.test(name))) return true;
  }
  return false;
}

async function foldersIn(files: FileTree, path: string): Promise<string[]> {
  const entries = await files.list(path);
  return entries.flatMap(({ name, isDirectory }) => isDirectory ? [name] : []).sort();
}

/** Why a folder has neither layout, in words that follow a colon. */
async function misfitOf(files: FileTree, path: string): Promise<string> {
  const [images, others] = [[], []] as [string[], string[]];
  const folders = [""];
  for (const prefix of folders) { // which grows
    for (const { name, isDirectory } of await files.list(files.join(path, prefix))) {
      if (!isDirectory) (isImageName(name) ? images : others).push(prefix + name);
      else if (isImageFolder(name)) folders.push(`${prefix}${name}/`);
    }
  }
  images.sort();
  const shown = (name: string) => files.join(path, name);
  if (images.length === 0) {
    const found = others.length === 0
      ? "it is empty"
      : `it has no image (.png, .jpg, .jpeg) but ${others.length} other files, such as ${
        shown(others.sort()[0])
      }`;
    return found;
  }
  const tops = new Set(images.map((name) => name.split("/")[0]));
  const high = images.find((name) => name.split("/").length < 3);
  if (high === undefined && [...tops].every(isSplitFolder)) {
    return `its folders ${
      [...tops].join(", ")
    } are those of one client; put them into a folder of its own`;
  }
  const where = high === undefined ? "" : `, of which ${shown(high)} is not below two folders`;
  return `it has ${images.length} image${images.length === 1 ? "" : "s"}${where}`;
}
