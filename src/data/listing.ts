// Listing folders and reading files, and wording why a file or folder cannot be read.

import { isAbsolute, relative, SEPARATOR } from "@std/path";
import { readPlainFile } from "../io/files.ts";
import { DataError } from "./data_error.ts";
import { decodeText } from "./text_encoding.ts";

/**
 * Names and kinds of what a folder holds, in no particular order.
 *
 * @param what the folder's part in the data, for the message
 * @param remedy what the user may do about it, for the message
 * @throws {DataError} when the folder cannot be read
 */
export async function listFolder(
  path: string,
  what: string,
  remedy: string,
): Promise<Deno.DirEntry[]> {
  try {
    const entries: Deno.DirEntry[] = [];
    for await (const entry of Deno.readDir(path)) entries.push(entry);
    return entries;
  } catch (error) {
    throw new DataError(`Cannot read the ${what} ${path}: ${reasonOf(error)}; ${remedy}`);
  }
}

/**
 * Checks that no link leads out of a folder, so that nothing outside of it is read; and that a file is a plain one,
 * for of a pipe or a device there may be no end. What does not exist is left to whoever reads it.
 *
 * @param kind what `path` has to be
 * @throws {DataError} when it is outside of the folder or something else
 */
export async function expectWithin(
  folder: string,
  path: string,
  kind: "file" | "folder",
): Promise<void> {
  let [root, real] = ["", ""];
  try {
    [root, real] = [await Deno.realPath(folder), await Deno.realPath(path)];
    const { isFile, isDirectory } = await Deno.stat(real);
    if (!(kind === "file" ? isFile : isDirectory)) {
      throw new DataError(`Cannot read ${path}: it is not a ${kind}; put a ${kind} in its place`);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (error instanceof DataError) throw error;
    throw new DataError(`Cannot read ${path}: ${reasonOf(error)}; put a ${kind} in its place`);
  }
  const way = relative(root, real);
  if (way !== ".." && !way.startsWith(`..${SEPARATOR}`) && !isAbsolute(way)) return;
  throw new DataError(
    `Cannot read ${path}: a link leads to ${real}, out of ${folder}; put a copy in its place`,
  );
}

/** As `listFolder()`, for the text of a file in UTF-8 or UTF-16. */
export async function readText(path: string, what: string, remedy: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readPlainFile(path);
  } catch (error) {
    throw new DataError(`Cannot read the ${what} ${path}: ${reasonOf(error)}; ${remedy}`);
  }
  return decodeText(bytes, path);
}

/** As `listFolder()`, for the content of a file of images. */
export async function readBytes(
  path: string,
  remedy = "make it readable",
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readPlainFile(path);
  } catch (error) {
    throw new DataError(`Cannot read ${path}: ${reasonOf(error)}; ${remedy}`);
  }
}

/** What a failed file operation is called in a sentence. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "it does not exist";
  if (error instanceof Deno.errors.NotADirectory) return "it is not a folder";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  return error instanceof Error ? error.message : String(error);
}
