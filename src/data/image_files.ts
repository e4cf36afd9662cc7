// Reads image files into bytes of one size.

import { concurrently } from "./concurrently.ts";
import { DataError } from "./data_error.ts";
import type { ImageDecoder } from "./decode.ts";
import { sizeInHeader } from "./image_header.ts";
import { readBytes } from "./listing.ts";
import { areaAverage } from "./resize.ts";

/** An image file of a data folder. */
export interface ImageFile {
  readonly path: string;
  /** height and width of the stored image, pixels */
  readonly storedSize: number;
}

/** An image file, and the place its pixels go to. */
export interface ImageTask extends ImageFile {
  /** RGB bytes, `[imageSize, imageSize, 3]` */
  readonly target: Uint8Array;
}

/**
 * Decodes all images in this thread and area-averages them to `imageSize`, in no particular order.
 *
 * @param onProgress called after every image, with the numbers of images read and to be read
 * @throws {DataError} at the first image that cannot be read or is not of its stored size
 */
export async function readImageFiles(
  tasks: readonly ImageTask[],
  imageSize: number,
  decode: ImageDecoder,
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  await concurrently(tasks, (task) => readImage(task, imageSize, decode), { onProgress });
}

async function readImage(task: ImageTask, imageSize: number, decode: ImageDecoder): Promise<void> {
  const { path, storedSize, target } = task;
  const bytes = await readBytes(path);
  const { width, height } = sizeInHeader(bytes) ?? decode(bytes, path); // which says what is wrong
  if (width !== storedSize || height !== storedSize) {
    throw new DataError(
      `Cannot use ${path}: it has ${width}x${height} pixels but its folder promises ` +
        `${storedSize}x${storedSize}; resize it`,
    );
  }
  target.set(areaAverage(decode(bytes, path), imageSize));
}
