// The image files of a collection: all below one folder, by image identifier.

import { join } from "@std/path";
import { DataError } from "./data_error.ts";
import type { ImageDecoder, RgbImage } from "./decode.ts";
import { listFolder, readBytes } from "./listing.ts";

/**
 * Paths of the files below a folder that are named like images, by their names without the ending; each
 * identifier's paths are sorted. Links are not followed, so that nothing outside of the folder is read.
 *
 * @throws {DataError} when a folder cannot be read
 */
export async function findImageFiles(path: string): Promise<Map<string, string[]>> {
  const files = new Map<string, string[]>();
  const visit = async (folder: string) => {
    const remedy = "name the folder of the images with --source";
    for (const entry of await listFolder(folder, "folder of images", remedy)) {
      const inside = join(folder, entry.name);
      if (entry.isDirectory) await visit(inside);
      const id = entry.isFile ? entry.name.match(/^(.+)\.(png|jpe?g)$/i)?.[1] : undefined;
      if (id !== undefined) files.set(id, [...files.get(id) ?? [], inside]);
    }
  };
  await visit(path);
  for (const paths of files.values()) paths.sort();
  return files;
}

/**
 * Decodes an image of which there may be copies: Kaggle's archive of HAM10000 has all images twice.
 *
 * @throws {DataError} when a file cannot be read or decoded, or the files differ
 */
export async function readImageOf(
  paths: readonly string[],
  decode: ImageDecoder,
): Promise<RgbImage> {
  const [bytes, ...copies] = await Promise.all(paths.map((path) => readBytes(path)));
  const other = copies.findIndex((copy) => !sameBytes(copy, bytes));
  if (other < 0) return decode(bytes, paths[0]);
  throw new DataError(
    `Cannot choose between ${paths[0]} and ${paths[other + 1]}: they differ; remove one of them`,
  );
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
