// A data folder of one client, small enough to be made anew for every case.

import { type DatasetFolderOptions, readDatasetFolder } from "../../src/data/folder.ts";
import { pngFile, type PngHeader } from "../data/png_file.ts";
import type { TemporaryFolder } from "../data/tiny_folder.ts";

/** Height and width of its images, pixels. */
export const size = 8;

/** Where they are. */
export const images = `clientA/img_resize${size}`;

/** Where the list of a split is. */
export const listOf = (split: string) => `csv_folder/clientA/${split}_clientA.csv`;

/** A PNG file of one colour: the bytes of one pixel, again and again. */
export function flatPng(
  depth: PngHeader["depth"],
  colourType: PngHeader["colourType"],
  pixel: readonly number[],
  { width = size, height = size } = {},
): Uint8Array {
  const bytes = Array.from({ length: width * height }, () => pixel).flat();
  return pngFile({ width, height, depth, colourType }, Uint8Array.from(bytes));
}

/** Two images to train with, `x0` and `x1`, one for each of the other splits. */
export function writeOneClient(folder: TemporaryFolder): void {
  folder.write("csv_folder/classes.json", '["nv", "bkl", "mel"]');
  folder.write(listOf("train"), "image_id,label\nx0,0\nx1,1\n");
  folder.write(listOf("valid"), "image_id,label\nx2,2\n");
  folder.write(listOf("test"), "image_id,label\nx3,0\n");
  for (const id of ["x0", "x1", "x2", "x3"]) {
    folder.write(`${images}/${id}.png`, flatPng(8, 2, [1, 2, 3]));
  }
}

/** Identifiers and labels of the training images. */
export async function readList(path: string, options: Partial<DatasetFolderOptions> = {}) {
  const { train } = (await readDatasetFolder(path, { imageSize: size, ...options })).clients[0];
  return train.ids.map((id, index) => [id, train.labels[index]]);
}

/** The colours that occur in the first training image. */
export async function readColours(path: string) {
  const { train } = (await readDatasetFolder(path, { imageSize: size })).clients[0];
  const pixels = Array.from(
    { length: size * size },
    (_, k) => train.images.slice(3 * k, 3 * k + 3),
  );
  return [...new Set(pixels.map((pixel) => pixel.join(" ")))];
}
