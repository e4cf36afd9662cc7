// Decoded images that are kept from one run to the next, as long as nothing they come from has changed.

import { resolve } from "@std/path";
import { concurrently } from "./concurrently.ts";
import type { ImageBlock, ImageTask } from "./image_files.ts";
import type { ImageNote } from "./image_notes.ts";
import { readImages, type ReadOptions } from "./image_threads.ts";

/** Where decoded images are kept. What cannot be read or written is no error: it is decoded again. */
export interface ImageCache {
  /** what was last written under the key, hexadecimal; null if it is not there whole */
  read(key: string): Promise<Uint8Array | null>;
  /** keeps bytes under the key, in place of what was there */
  write(key: string, bytes: Uint8Array): Promise<void>;
}

/** Raise it when decode.ts, orientation.ts, resize.ts or imagescript give other pixels than before: nobody may get the old ones. */
export const pixelsVersion = 2;

/**
 * Fills blocks from the cache or else from their files, which are then kept; the bytes are the same.
 *
 * @returns what was noticed about the images, now or when they were decoded
 * @throws {DataError} as `readImages()`
 */
export async function readBlocks(
  blocks: readonly ImageBlock[],
  imageSize: number,
  cache: ImageCache,
  { threads, onProgress }: ReadOptions,
): Promise<ImageNote[]> {
  const total = blocks.reduce((sum, { tasks }) => sum + tasks.length, 0);
  const missing: (ImageBlock & { readonly key: Keys | null })[] = [];
  const notes: ImageNote[] = [];
  let cached = 0;
  for (const block of blocks) {
    const key = await keysOf(block.tasks, imageSize);
    const bytes = key === null ? null : await cache.read(key.pixels);
    if (bytes === null) missing.push({ ...block, key });
    else {
      block.images.set(bytes);
      notes.push(...await readNotes(key!, cache));
      cached += block.tasks.length;
      onProgress?.(cached, total);
    }
  }
  if (missing.length === 0) return notes;
  const noted = await readImages(missing.flatMap(({ tasks }) => tasks), imageSize, {
    threads,
    onProgress: (done) => onProgress?.(cached + done, total),
  });
  for (const { key, tasks, images } of missing) {
    const after = await keysOf(tasks, imageSize);
    if (key !== null && key.pixels === after?.pixels) { // no file has changed meanwhile
      const paths = new Set(tasks.map(({ path }) => path));
      const own = noted.filter(({ path }) => paths.has(path));
      if (own.length > 0) {
        await cache.write(key.notes, new TextEncoder().encode(JSON.stringify(own)));
      }
      await cache.write(key.pixels, images);
    }
    onProgress?.(total, total); // the caller may want to stop here too
  }
  return [...notes, ...noted];
}

async function readNotes(key: Keys, cache: ImageCache): Promise<ImageNote[]> {
  const bytes = await cache.read(key.notes);
  return bytes === null ? [] : JSON.parse(new TextDecoder().decode(bytes));
}

/** The names of a block's pixels and of what was noticed about them. */
interface Keys {
  readonly pixels: string;
  readonly notes: string;
}

/**
 * Names a block by all that its pixels depend on. Of the lists that is which images they name in which order.
 *
 * @returns null if a file cannot be examined; reading it will tell why
 */
async function keysOf(tasks: readonly ImageTask[], imageSize: number): Promise<Keys | null> {
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
  return { pixels: await digestOf(text), notes: await digestOf(`notes ${text}`) };
}

async function digestOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}
