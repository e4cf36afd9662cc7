// What readers of data need of a tree of files, wherever it is: on a disk, or in a folder chosen in a browser.

import { DataError } from "./data_error.ts";

/** What a folder holds under one name. */
export interface TreeEntry {
  readonly name: string;
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
}

/** A tree of files, by their paths. */
export interface FileTree {
  /** the path of what is in a folder; `..` is understood */
  join(...parts: readonly string[]): string;
  /** names and kinds of what a folder holds, in no particular order */
  list(path: string): Promise<TreeEntry[]>;
  read(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /** what is at a path, at the end of links; null: nothing */
  kindOf(path: string): Promise<"file" | "folder" | "other" | null>;
  /**
   * Checks that no link leads out of a folder, so that nothing outside of it is read; and that a file is a plain one,
   * for of a pipe or a device there may be no end. What does not exist is left to whoever reads it.
   *
   * @param kind what `path` has to be
   * @throws {DataError} when it is outside of the folder or something else
   */
  expectWithin(folder: string, path: string, kind: "file" | "folder"): Promise<void>;
  /** what a failed `list()` or `read()` is called in a sentence */
  reasonOf(error: unknown): string;
}

/** The error of `expectWithin()` for something else than was expected. */
export function notOfKind(path: string, kind: "file" | "folder"): DataError {
  return new DataError(`Cannot read ${path}: it is not a ${kind}; put a ${kind} in its place`);
}
