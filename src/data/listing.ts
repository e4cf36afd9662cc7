// Listing folders and reading files, and wording why a file or folder cannot be read.

import { DataError } from "./data_error.ts";
import type { FileTree, TreeEntry } from "./file_tree.ts";
import { decodeText } from "./text_encoding.ts";

/**
 * Names and kinds of what a folder holds, in no particular order.
 *
 * @param what the folder's part in the data, for the message
 * @param remedy what the user may do about it, for the message
 * @throws {DataError} when the folder cannot be read
 */
export async function listFolder(
  files: FileTree,
  path: string,
  what: string,
  remedy: string,
): Promise<TreeEntry[]> {
  try {
    return await files.list(path);
  } catch (error) {
    throw new DataError(`Cannot read the ${what} ${path}: ${files.reasonOf(error)}; ${remedy}`);
  }
}

/** As `listFolder()`, for the text of a file in UTF-8 or UTF-16. */
export async function readText(
  files: FileTree,
  path: string,
  what: string,
  remedy: string,
): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await files.read(path);
  } catch (error) {
    throw new DataError(`Cannot read the ${what} ${path}: ${files.reasonOf(error)}; ${remedy}`);
  }
  return decodeText(bytes, path);
}

/** As `listFolder()`, for the content of a file of images. */
export async function readBytes(
  files: FileTree,
  path: string,
  remedy = "make it readable",
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await files.read(path);
  } catch (error) {
    throw new DataError(`Cannot read ${path}: ${files.reasonOf(error)}; ${remedy}`);
  }
}
