// Images without labels, of any size and from anywhere: found in folders, and read as training images are.

import { readPlainFile } from "../io/files.ts";
import { DataError } from "./data_error.ts";
import type { ImageDecoder } from "./decode.ts";
import { diskFiles, reasonOf } from "./disk_files.ts";
import { imageExtensions } from "./image_names.ts";
import type { ImageNote } from "./image_notes.ts";
import { imagesBelow } from "./image_walk.ts";
import { areaAverage } from "./resize.ts";

/**
 * Paths of the images meant by files and folders: of a folder those in it, at any depth, that are named like images,
 * sorted. Links are followed in the folder itself only.
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
 * @param notes takes what is noticed about the image
 * @returns RGB bytes, `[size, size, 3]`
 * @throws {DataError} if the file cannot be read or decoded
 */
export async function readUnlabelledImage(
  path: string,
  size: number,
  decode: ImageDecoder,
  notes: ImageNote[],
): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readPlainFile(path);
  } catch (error) {
    throw new DataError(`Cannot read ${path}: ${reasonOf(error)}; make it readable`);
  }
  const image = decode(bytes, path);
  for (const text of image.notes ?? []) notes.push({ path, text });
  return areaAverage(image, size);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    throw new DataError(`Cannot read ${path}: ${reasonOf(error)}; check the path`);
  }
}

async function listImages(top: string): Promise<string[]> {
  const found: string[] = [];
  for await (const image of imagesBelow(diskFiles, top, "folder of images", "make it readable")) {
    const isAtTop = !image.name.includes("/");
    if (!image.isSymlink || isAtTop) found.push(image.path);
  }
  if (found.length > 0) return found.sort();
  const endings = imageExtensions.map((extension) => `.${extension}`).join(", ");
  throw new DataError(
    `Cannot find images in ${top}: no file in it ends in ${endings}; name the folder of the images`,
  );
}
