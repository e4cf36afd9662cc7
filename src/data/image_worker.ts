// A thread that reads image files; image_threads.ts starts it.

import { DataError } from "./data_error.ts";
import { openImageDecoder } from "./decode.ts";
import { diskFiles } from "./disk_files.ts";
import { type ImageFile, readImageFiles } from "./image_files.ts";
import type { ImageNote } from "./image_notes.ts";

/** What is asked of the thread. */
export interface ImageRequest {
  readonly files: readonly ImageFile[];
  /** height and width of the images wanted, pixels */
  readonly imageSize: number;
}

/** What it answers: RGB bytes, `[files, imageSize, imageSize, 3]`, and notes, or what is wrong with one of the files. */
export type ImageReply =
  | { readonly pixels: Uint8Array<ArrayBuffer>; readonly notes: readonly ImageNote[] }
  | { readonly problem: string };

/** The global object of a worker, whose types are not those of the main thread. */
declare const self: {
  onmessage: (event: MessageEvent<ImageRequest>) => void;
  postMessage(reply: ImageReply, transfer?: readonly ArrayBuffer[]): void;
};

const decoder = openImageDecoder();

self.onmessage = async ({ data: { files, imageSize } }) => {
  const bytes = imageSize ** 2 * 3;
  const pixels = new Uint8Array(files.length * bytes);
  const tasks = files.map((file, index) => ({
    ...file,
    target: pixels.subarray(index * bytes, (index + 1) * bytes),
  }));
  let notes: readonly ImageNote[];
  try {
    notes = await readImageFiles(diskFiles, tasks, imageSize, await decoder);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return self.postMessage({ problem: error.message }); // the class would be lost on the way
  }
  self.postMessage({ pixels, notes }, [pixels.buffer]);
};
