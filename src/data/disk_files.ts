// The files of the disk, as the readers of data see them.

import { isAbsolute, join, relative, SEPARATOR } from "@std/path";
import { readPlainFile } from "../io/files.ts";
import { DataError } from "./data_error.ts";
import { type FileTree, notOfKind, type TreeEntry } from "./file_tree.ts";

/** All of the disk that the program may read. */
export const diskFiles: FileTree = {
  join,
  list,
  read: readPlainFile,
  kindOf,
  expectWithin,
  reasonOf,
};

async function list(path: string): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  for await (const entry of Deno.readDir(path)) entries.push(entry);
  return entries;
}

async function kindOf(path: string): Promise<"file" | "folder" | "other" | null> {
  try {
    const { isFile, isDirectory } = await Deno.stat(path);
    return isFile ? "file" : isDirectory ? "folder" : "other";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function expectWithin(
  folder: string,
  path: string,
  kind: "file" | "folder",
): Promise<void> {
  let [root, real] = ["", ""];
  try {
    [root, real] = [await Deno.realPath(folder), await Deno.realPath(path)];
    const { isFile, isDirectory } = await Deno.stat(real);
    if (!(kind === "file" ? isFile : isDirectory)) throw notOfKind(path, kind);
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

/** What a failed file operation is called in a sentence. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "it does not exist";
  if (error instanceof Deno.errors.NotADirectory) return "it is not a folder";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  return error instanceof Error ? error.message : String(error);
}
