// Reads image files in as many threads as the machine has cores, if there are enough of them.

import { concurrently } from "./concurrently.ts";
import { DataError } from "./data_error.ts";
import { openImageDecoder } from "./decode.ts";
import { diskFiles } from "./disk_files.ts";
import { type ImageTask, readImageFiles } from "./image_files.ts";
import type { ImageNote } from "./image_notes.ts";
import type { ImageReply, ImageRequest } from "./image_worker.ts";

/** More threads would wait for the disk, and each takes some megabytes. */
const mostThreads = 8;

/** Stored pixels for which another thread is worth its start: these take 0.2 s and more, the start 0.05 s. */
const pixelsPerThread = 1 << 22;

/** Stored pixels that a thread is given at a time: milliseconds, so that it ends soon when it is to. */
const pixelsPerPortion = 1 << 16;

/** How to read images. */
export interface ReadOptions {
  /** threads that decode, 1: only this one; default by cores and images */
  readonly threads?: number;
  /** that the machine has; default as the system tells */
  readonly cores?: number;
  /** called after every image, or once for many from a cache, with the numbers of images read and to be read */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Decodes all images and area-averages them to `imageSize`, in no particular order; the bytes do not depend on the
 * threads.
 *
 * @returns what was noticed about them
 * @throws {DataError} at the first image that cannot be read or is not of its stored size
 */
export async function readImages(
  tasks: readonly ImageTask[],
  imageSize: number,
  { cores = coresHere(), threads = threadsFor(tasks, cores), onProgress }: ReadOptions = {},
): Promise<ImageNote[]> {
  if (threads === 1) {
    const decode = await openImageDecoder();
    return await readImageFiles(diskFiles, tasks, imageSize, decode, onProgress);
  }
  const workers = Array.from({ length: threads }, () => new Worker(program, { type: "module" }));
  const idle = [...workers];
  const noted: ImageNote[] = [];
  let done = 0;
  try {
    await concurrently(portionsOf(tasks), async (portion) => {
      const worker = idle.pop()!; // there are as many as portions at a time
      const files = portion.map(({ path, storedSize }) => ({ path, storedSize }));
      const { pixels, notes } = await ask(worker, { files, imageSize });
      idle.push(worker);
      noted.push(...notes);
      const bytes = imageSize ** 2 * 3;
      portion.forEach(({ target }, index) => {
        target.set(pixels.subarray(index * bytes, (index + 1) * bytes));
        onProgress?.(++done, tasks.length);
      });
    }, { atATime: threads });
  } finally {
    for (const worker of workers) worker.terminate();
  }
  return noted;
}

const program = new URL("./image_worker.ts", import.meta.url);

/** Node has no workers of this kind. */
function coresHere(): number {
  return "Worker" in globalThis ? navigator.hardwareConcurrency : 1;
}

function threadsFor(tasks: readonly ImageTask[], cores: number): number {
  const pixels = tasks.reduce((sum, { storedSize }) => sum + storedSize ** 2, 0);
  const threads = Math.min(cores, mostThreads, Math.floor(pixels / pixelsPerThread));
  return threads > 1 && mayReadProgram() ? threads : 1;
}

/** A worker asks for the permission to read its own program, which the main thread has without asking. */
function mayReadProgram(): boolean {
  const folder = new URL(".", program);
  return folder.protocol === "file:" &&
    Deno.permissions.querySync({ name: "read", path: folder }).state === "granted";
}

function portionsOf(tasks: readonly ImageTask[]): ImageTask[][] {
  const portions: ImageTask[][] = [];
  let pixels = Infinity; // of the last portion
  for (const task of tasks) {
    if (pixels >= pixelsPerPortion) {
      portions.push([]);
      pixels = 0;
    }
    portions.at(-1)!.push(task);
    pixels += task.storedSize ** 2;
  }
  return portions;
}

function ask(
  worker: Worker,
  request: ImageRequest,
): Promise<Exclude<ImageReply, { problem: string }>> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<ImageReply>) => {
      if ("pixels" in data) resolve(data);
      else reject(new DataError(data.problem));
    };
    worker.onerror = (event) => {
      event.preventDefault(); // the caller reports it
      reject(new Error(`A thread that reads images has failed: ${event.message}`));
    };
    worker.postMessage(request);
  });
}
