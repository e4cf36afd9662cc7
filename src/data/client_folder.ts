// The stored images of one client: which pixel sizes there are, which to read, and the file of every image.

import { grouped } from "../maps.ts";
import { DataError } from "./data_error.ts";
import type { FileTree } from "./file_tree.ts";
import { imageExtensions, imageStem, lastPart } from "./image_names.ts";
import { imagesBelow } from "./image_walk.ts";
import { listFolder } from "./listing.ts";

/** The images of one client, as stored in the pixel size to be read. */
export interface ClientFolder {
  readonly name: string;
  /** height and width of the stored images, pixels */
  readonly storedSize: number;
  /** the folder `img_resize<storedSize>` */
  readonly path: string;
  /** paths of the image files by what lists call them, as of `imageStem()` */
  readonly files: ReadonlyMap<string, string>;
  /** those names by their last part */
  readonly stems: ReadonlyMap<string, readonly string[]>;
}

/**
 * Finds the images of client `name` in the smallest stored size that is at least `imageSize`.
 *
 * @throws {DataError} when there is none, or a link leads out of the data folder
 */
export async function openClientFolder(
  files: FileTree,
  dataPath: string,
  name: string,
  imageSize: number,
): Promise<ClientFolder> {
  const clientPath = files.join(dataPath, `client${name}`);
  const sizes = await findSizes(files, dataPath, clientPath, name);
  const storedSize = sizes.find((size) => size >= imageSize);
  if (storedSize === undefined) {
    throw new DataError(
      `Cannot make images of ${imageSize} pixels for client ${name}: ${clientPath} stores ` +
        `${sizes.join(" and ")} pixels; choose --image-size ${sizes.at(-1)} or less`,
    );
  }
  const path = files.join(clientPath, `img_resize${storedSize}`);
  const images = await findImages(files, dataPath, path, name);
  return { name, storedSize, path, files: images, stems: grouped(images.keys(), lastPart) };
}

/** The stored pixel sizes, smallest first. */
export async function findSizes(
  files: FileTree,
  dataPath: string,
  clientPath: string,
  name: string,
): Promise<number[]> {
  await files.expectWithin(dataPath, clientPath, "folder");
  const remedy = "store the images in a folder img_resize<pixels>";
  const entries = await listFolder(files, clientPath, `folder of client ${name}`, remedy);
  const sizes = entries
    .flatMap((entry) => entry.name.match(/^img_resize([1-9]\d*)$/)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  if (sizes.length > 0) return sizes;
  throw new DataError(`Cannot find images of client ${name} in ${clientPath}: ${remedy}`);
}

/** Image files of a folder and those in it, by what lists call them: the preferred format of each. */
export async function findImages(
  files: FileTree,
  dataPath: string,
  path: string,
  client: string,
): Promise<Map<string, string>> {
  await files.expectWithin(dataPath, path, "folder");
  const names: string[] = [];
  const what = `images of client ${client}`;
  for await (const found of imagesBelow(files, path, what, "make it readable")) {
    if (found.isSymlink) await files.expectWithin(dataPath, found.path, "file");
    names.push(found.name);
  }
  const rank = (name: string) =>
    imageExtensions.findIndex((ending) => name.toLowerCase().endsWith(`.${ending}`));
  names.sort((a, b) => rank(b) - rank(a) || (a < b ? 1 : -1)); // the last of equal stems stays
  return new Map(names.map((name) => [imageStem(name), files.join(path, name)]));
}

/** The file of an image that a list names by itself or with the folders that it is in. */
export function fileOf(
  { path, files, stems }: ClientFolder,
  id: string,
): string | undefined {
  const file = files.get(id);
  if (file !== undefined || !id.includes("/")) return file;
  const whole = imageStem(path);
  const stem = stems.get(lastPart(id))?.find((stem) => `/${whole}/${stem}`.endsWith(`/${id}`));
  return stem === undefined ? undefined : files.get(stem);
}
