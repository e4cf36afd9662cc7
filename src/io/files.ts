// Writing files so that a reader never meets half of one, and nothing is overwritten by accident; reading plain ones.

import { dirname, join } from "@std/path";
import { temporaryEnding, temporaryName } from "./file_name.ts";

/**
 * Writes a file whole or not at all: under a temporary name in the same folder, then renamed. An
 * existing file is replaced.
 *
 * @throws {Deno.errors.NotFound} if the folder does not exist
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  // Same folder: a rename is atomic only within one file system.
  const temporary = path + temporaryEnding();
  try {
    await Deno.writeFile(temporary, bytes, { createNew: true });
    await syncFile(temporary); // or the rename could outlive a power failure that the content does not
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // the first error is the one to report
    throw error;
  }
}

/**
 * Reads a file whole. A pipe or a device may have no end.
 *
 * @throws {Deno.errors.InvalidData} if it is one of those
 */
export async function readPlainFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  await expectPlainFile(path);
  return await Deno.readFile(path);
}

/** As `readPlainFile()`, for text. */
export async function readPlainText(path: string): Promise<string> {
  await expectPlainFile(path);
  return await Deno.readTextFile(path);
}

/** A folder is left to whoever reads it. */
async function expectPlainFile(path: string): Promise<void> {
  const { isFile, isDirectory } = await Deno.stat(path);
  if (isFile || isDirectory) return;
  throw new Deno.errors.InvalidData(`${path} is a pipe or a device and no plain file`);
}

/** Waits until a file is on the disk, as it is now. */
export async function syncFile(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await file.sync();
}

/** Removes what `writeFileAtomic()` leaves in a folder where the process is killed; no folder is fine. */
export async function removeTemporaryFiles(folder: string): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (temporaryName.test(name)) await Deno.remove(join(folder, name));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Appends one line of JSON. Numbers that are not finite become `"NaN"`, `"Infinity"`, `"-Infinity"`. */
export async function appendJsonLine(path: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(path, `${toJsonLine(value)}\n`, { append: true });
}

/** One line of JSON in which numbers that are not finite stay visible, as strings. */
export function toJsonLine(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, item) => typeof item === "number" && !Number.isFinite(item) ? String(item) : item,
  );
}

/**
 * Checks that a new folder can be made at this path, without making it.
 *
 * @throws {Deno.errors.AlreadyExists} if something is there already
 * @throws {Deno.errors.NotADirectory} if something above it is a file
 */
export async function expectNewFolder(path: string): Promise<void> {
  if (await statOrNull(path) !== null) {
    throw new Deno.errors.AlreadyExists(
      `Cannot create folder "${path}": it exists already; move it away or choose another place`,
    );
  }
  await folderAbove(path);
}

/**
 * The nearest folder above a path that there is.
 *
 * @throws {Deno.errors.NotADirectory} if it is a file
 */
async function folderAbove(path: string): Promise<string> {
  const ancestor = await nearestExisting(dirname(path));
  if ((await Deno.stat(ancestor)).isDirectory) return ancestor;
  throw new Deno.errors.NotADirectory(
    `Cannot create folder "${path}": "${ancestor}" is a file; choose a folder`,
  );
}

/**
 * Checks that a new file can be made at this path, without making it.
 *
 * @throws {Deno.errors.AlreadyExists} if something is there already
 * @throws {Deno.errors.NotFound} if its folder does not exist
 */
export async function expectNewFile(path: string): Promise<void> {
  if (await statOrNull(path) !== null) {
    throw new Deno.errors.AlreadyExists(
      `Cannot create file "${path}": it exists already; move it away or choose another name`,
    );
  }
  const folder = await statOrNull(dirname(path));
  if (!folder?.isDirectory) {
    throw new Deno.errors.NotFound(
      `Cannot create file "${path}": there is no folder "${dirname(path)}"; make it first`,
    );
  }
}

/** As `expectNewFolder()`, but an empty folder may be there. */
export async function expectNewOrEmptyFolder(path: string): Promise<void> {
  if ((await statOrNull(path))?.isDirectory) {
    for await (const _ of Deno.readDir(path)) return await expectNewFolder(path); // which it is not
    return;
  }
  await expectNewFolder(path);
}

/** Makes a new folder and those above it; errors as `expectNewFolder()`. */
export async function createNewFolder(path: string): Promise<void> {
  await expectNewFolder(path);
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.mkdir(path); // not recursive: fails if somebody else has just made it
}

/**
 * Makes a new folder whole or not at all: `fill` is given a temporary one beside it, which is then renamed. Errors
 * as `expectNewFolder()`, and those of `fill`.
 *
 * @returns what `fill` returns
 */
export async function createFolderAtomic<T>(
  path: string,
  fill: (temporary: string) => Promise<T>,
): Promise<T> {
  await expectNewFolder(path);
  await Deno.mkdir(dirname(path), { recursive: true });
  const temporary = path + temporaryEnding();
  try {
    await Deno.mkdir(temporary);
    const result = await fill(temporary);
    await expectNewFolder(path); // a rename would replace an empty one made meanwhile
    await Deno.rename(temporary, path);
    return result;
  } catch (error) {
    await Deno.remove(temporary, { recursive: true }).catch(() => {}); // the first error is the one to report
    throw error;
  }
}

/** A new folder that nobody else is given. */
export interface ClaimedFolder extends AsyncDisposable {
  readonly path: string;
}

/**
 * Makes the folder `path`, or the first of `path_2`, `path_3`, … that is not there: at the same moment two processes
 * get two. At the end of its scope it is removed again if it is still empty, with those above it that were made for it.
 *
 * @throws {Deno.errors.NotADirectory} if something above it is a file
 */
export async function claimFolder(path: string): Promise<ClaimedFolder> {
  const existing = await folderAbove(path);
  await Deno.mkdir(dirname(path), { recursive: true });
  const claimed = await firstFree(path);
  return {
    path: claimed,
    async [Symbol.asyncDispose]() {
      try {
        for (let folder = claimed; folder !== existing; folder = dirname(folder)) {
          await Deno.remove(folder); // fails if it is not empty
        }
      } catch {
        // Something is in it, which stays.
      }
    },
  };
}

async function firstFree(path: string): Promise<string> {
  for (let number = 1;; number++) {
    const candidate = numbered(path, number);
    try {
      await Deno.mkdir(candidate); // not recursive: fails if somebody else has just made it
      return candidate;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

/** The path itself if nothing is there, else the first free one of `path_2`, `path_3`, … */
export async function freePath(path: string): Promise<string> {
  for (let number = 1;; number++) {
    const candidate = numbered(path, number);
    if (await statOrNull(candidate) === null) return candidate;
  }
}

function numbered(path: string, number: number): string {
  return number === 1 ? path : `${path}_${number}`;
}

async function nearestExisting(path: string): Promise<string> {
  for (let folder = path;; folder = dirname(folder)) {
    if (await statOrNull(folder) !== null || dirname(folder) === folder) return folder;
  }
}

async function statOrNull(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    if (absent) return null;
    throw error;
  }
}
