// Reads many image files into bytes of one size.

import { DataError } from "./data_error.ts";
import { type ImageDecoder, openImageDecoder } from "./decode.ts";
import { reasonOf } from "./listing.ts";
import { areaAverage } from "./resize.ts";

/** An image file, and the place its pixels go to. */
export interface ImageTask {
  readonly path: string;
  /** height and width of the stored image, pixels */
  readonly storedSize: number;
  /** RGB bytes, `[imageSize, imageSize, 3]` */
  readonly target: Uint8Array;
}

/** Files being read at a time: enough for the disk to work while an image is decoded. */
const concurrency = 8;

/**
 * Decodes all images and area-averages them to `imageSize`, in no particular order.
 *
 * @throws {DataError} at the first image that cannot be read or is not of its stored size
 */
export async function readImages(
  tasks: readonly ImageTask[],
  imageSize: number,
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  const decode = await openImageDecoder();
  // The readers share one generator: the error of one ends its loop, which closes the generator for all.
  const queue = (function* () {
    yield* tasks;
  })();
  let done = 0;
  const readFromQueue = async () => {
    for (const task of queue) {
      await readImage(task, imageSize, decode);
      onProgress?.(++done, tasks.length);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, readFromQueue));
}

async function readImage(task: ImageTask, imageSize: number, decode: ImageDecoder): Promise<void> {
  const { path, storedSize, target } = task;
  const image = decode(await readImageFile(path), path);
  if (image.width !== storedSize || image.height !== storedSize) {
    throw new DataError(
      `Cannot use ${path}: it has ${image.width}x${image.height} pixels but its folder promises ` +
        `${storedSize}x${storedSize}; resize it`,
    );
  }
  target.set(areaAverage(image, imageSize));
}

async function readImageFile(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new DataError(`Cannot read ${path}: ${reasonOf(error)}; make it readable`);
  }
}
