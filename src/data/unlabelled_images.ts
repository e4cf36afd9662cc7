// Images without labels, of any size and from anywhere: found in folders, and read as training images are.

import { join } from "@std/path";
import { readPlainFile } from "../io/files.ts";
import { DataError } from "./data_error.ts";
import type { ImageDecoder } from "./decode.ts";
import { imageExtensions, isImageName } from "./image_names.ts";
import { listFolder, reasonOf } from "./listing.ts";
import { areaAverage } from "./resize.ts";

/**
 * Paths of the images meant by files and folders: of a folder those named like images, sorted; not of folders in it.
 *
 * @throws {DataError} if there is nothing at a path, or a folder has no images
 */
export async function findImages(operands: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of operands) {
    if (await isFolder(path)) found.push(...await listImages(path));
    else found.push(path);
  }
  return found;
}

/**
 * Reads one PNG or JPEG file and area-averages it to a square, as large images of a data folder are.
 *
 * @param size height and width of the result, pixels
 * @returns RGB bytes, `[size, size, 3]`
 * @throws {DataError} if the file cannot be read or decoded
 */
export async function readUnlabelledImage(
  path: string,
  size: number,
  decode: ImageDecoder,
): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readPlainFile(path);
  } catch (error) {
    throw new DataError(`Cannot read ${path}: ${reasonOf(error)}; make it readable`);
  }
  return areaAverage(decode(bytes, path), size);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    throw new DataError(`Cannot read ${path}: ${reasonOf(error)}; check the path`);
  }
}

async function listImages(folder: string): Promise<string[]> {
  const names = (await listFolder(folder, "folder of images", "make it readable"))
    .filter(({ name, isFile, isSymlink }) => (isFile || isSymlink) && isImageName(name))
    .map(({ name }) => name);
  if (names.length > 0) return names.sort().map((name) => join(folder, name));
  const endings = imageExtensions.map((extension) => `.${extension}`).join(", ");
  throw new DataError(
    `Cannot find images in ${folder}: no file in it ends in ${endings}; name the folder of the images`,
  );
}
