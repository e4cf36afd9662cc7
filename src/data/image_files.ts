// Reads image files into bytes of one size.

import { concurrently } from "./concurrently.ts";
import { DataError } from "./data_error.ts";
import type { FileTree } from "./file_tree.ts";
import { sizeInHeader } from "./image_header.ts";
import type { ImageNote } from "./image_notes.ts";
import { readBytes } from "./listing.ts";
import { areaAverage } from "./resize.ts";
import type { AnyDecoder } from "./rgb_image.ts";

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

/** Images that are kept together. */
export interface ImageBlock {
  readonly tasks: readonly ImageTask[];
  /** RGB bytes, `[tasks, imageSize, imageSize, 3]`, of which the targets of the tasks are parts */
  readonly images: Uint8Array;
}

/**
 * Decodes all images in this thread and area-averages them to `imageSize`, in no particular order.
 *
 * @param onProgress called after every image, with the numbers of images read and to be read
 * @returns what was noticed about them
 * @throws {DataError} at the first image that cannot be read or is not of its stored size
 */
export async function readImageFiles(
  files: FileTree,
  tasks: readonly ImageTask[],
  imageSize: number,
  decode: AnyDecoder,
  onProgress?: (done: number, total: number) => void,
): Promise<ImageNote[]> {
  const notes: ImageNote[] = [];
  await concurrently(tasks, async (task) => {
    for (const text of await readImage(files, task, imageSize, decode)) {
      notes.push({ path: task.path, text });
    }
  }, { onProgress });
  return notes;
}

async function readImage(
  files: FileTree,
  task: ImageTask,
  imageSize: number,
  decode: AnyDecoder,
): Promise<readonly string[]> {
  const { path, storedSize, target } = task;
  const bytes = await readBytes(files, path);
  const { width, height } = sizeInHeader(bytes) ?? await decode(bytes, path); // which says what is wrong
  if (width !== storedSize || height !== storedSize) {
    throw new DataError(
      `Cannot use ${path}: it has ${width}x${height} pixels but its folder promises ` +
        `${storedSize}x${storedSize}; resize it`,
    );
  }
  const image = await decode(bytes, path);
  target.set(areaAverage(image, imageSize));
  return image.notes ?? [];
}
