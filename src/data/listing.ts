// Listing folders and reading files, and wording why a file or folder cannot be read.

import { DataError } from "./data_error.ts";

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
    return await Array.fromAsync(Deno.readDir(path));
  } catch (error) {
    throw new DataError(`Cannot read the ${what} ${path}: ${reasonOf(error)}; ${remedy}`);
  }
}

/** As `listFolder()`, for the text of a file. */
export async function readText(path: string, what: string, remedy: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new DataError(`Cannot read the ${what} ${path}: ${reasonOf(error)}; ${remedy}`);
  }
}

/** As `listFolder()`, for the content of a file of images. */
export async function readBytes(
  path: string,
  remedy = "make it readable",
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new DataError(`Cannot read ${path}: ${reasonOf(error)}; ${remedy}`);
  }
}

/** What a failed file operation is called in a sentence. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "it does not exist";
  if (error instanceof Deno.errors.NotADirectory) return "it is not a folder";
  return error instanceof Error ? error.message : String(error);
}
