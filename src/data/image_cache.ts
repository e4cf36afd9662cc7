// Decoded images that are kept from one run to the next, as long as nothing they come from has changed.

import { resolve } from "@std/path";
import { concurrently } from "./concurrently.ts";
import type { ImageTask } from "./image_files.ts";
import { readImages, type ReadOptions } from "./image_threads.ts";

/** Where decoded images are kept. What cannot be read or written is no error: it is decoded again. */
export interface ImageCache {
  /** what was last written under the key, hexadecimal; null if it is not there whole */
  read(key: string): Promise<Uint8Array | null>;
  write(key: string, bytes: Uint8Array): Promise<void>;
}

/** Images that are kept together. */
export interface ImageBlock {
  readonly tasks: readonly ImageTask[];
  /** RGB bytes, `[tasks, imageSize, imageSize, 3]`, of which the targets of the tasks are parts */
  readonly images: Uint8Array;
}

/** Raise it when decode.ts, resize.ts or imagescript give other pixels than before: nobody may get the old ones. */
export const pixelsVersion = 1;

/**
 * Fills blocks from the cache or else from their files, which are then kept; the bytes are the same.
 *
 * @throws {DataError} as `readImages()`
 */
export async function readBlocks(
  blocks: readonly ImageBlock[],
  imageSize: number,
  cache: ImageCache,
  { threads, onProgress }: ReadOptions,
): Promise<void> {
  const total = blocks.reduce((sum, { tasks }) => sum + tasks.length, 0);
  const missing: (ImageBlock & { readonly key: string | null })[] = [];
  let cached = 0;
  for (const block of blocks) {
    const key = await keyOf(block.tasks, imageSize);
    const bytes = key === null ? null : await cache.read(key);
    if (bytes === null) missing.push({ ...block, key });
    else {
      block.images.set(bytes);
      cached += block.tasks.length;
      onProgress?.(cached, total);
    }
  }
  if (missing.length === 0) return;
  await readImages(missing.flatMap(({ tasks }) => tasks), imageSize, {
    threads,
    onProgress: (done) => onProgress?.(cached + done, total),
  });
  for (const { key, tasks, images } of missing) {
    const isSettled = key !== null && key === await keyOf(tasks, imageSize); // no file has changed meanwhile
    if (isSettled) await cache.write(key, images);
    onProgress?.(total, total); // the caller may want to stop here too
  }
}

/**
 * Names the pixels of a block by all they depend on. Of the lists that is which images they name in which order.
 *
 * @returns null if a file cannot be examined; reading it will tell why
 */
async function keyOf(tasks: readonly ImageTask[], imageSize: number): Promise<string | null> {
  const files = new Array<unknown>(tasks.length);
  try {
    await concurrently([...tasks.entries()], async ([index, { path }]) => {
      const { size, mtime } = await Deno.stat(path);
      files[index] = [resolve(path), size, Number(mtime)];
    });
  } catch {
    return null;
  }
  const text = JSON.stringify({ pixelsVersion, imageSize, files });
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}
