// The files of a folder that somebody has chosen in the browser, as the readers of data see them.

/// <reference lib="dom" />

import type { FileTree, TreeEntry } from "../data/file_tree.ts";
import { notOfKind } from "../data/file_tree.ts";

/** A folder that was chosen; it can be sent to a worker. */
export interface ChosenFolder {
  readonly name: string;
  /** by their paths, which begin with the folder's name and have slashes */
  readonly files: ReadonlyMap<string, File | FileSystemFileHandle>;
}

/** The tree of a chosen folder, whose path is its name. There are no links in it: a browser gives what they lead to. */
export class ChosenFiles implements FileTree {
  /** what each folder holds, by its path */
  readonly #folders = new Map<string, Map<string, TreeEntry>>();

  constructor(private readonly folder: ChosenFolder) {
    this.#folders.set(folder.name, new Map());
    for (const path of folder.files.keys()) {
      const parts = path.split("/");
      parts.forEach((name, depth) => {
        if (depth === 0) return;
        const isFile = depth === parts.length - 1;
        const entry = { name, isFile, isDirectory: !isFile, isSymlink: false };
        const above = parts.slice(0, depth).join("/");
        if (!this.#folders.has(above)) this.#folders.set(above, new Map());
        this.#folders.get(above)!.set(name, entry);
      });
    }
  }

  join(...parts: readonly string[]): string {
    const joined: string[] = [];
    for (const part of parts.flatMap((path) => path.split("/"))) {
      if (part === "..") joined.pop();
      else if (part !== "" && part !== ".") joined.push(part);
    }
    return joined.join("/");
  }

  list(path: string): Promise<TreeEntry[]> {
    const entries = this.#folders.get(this.join(path));
    if (entries !== undefined) return Promise.resolve([...entries.values()]);
    return Promise.reject(this.#absent(path, "folder"));
  }

  async read(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const found = this.folder.files.get(this.join(path));
    if (found === undefined) throw this.#absent(path, "file");
    const file = "getFile" in found ? await found.getFile() : found;
    return new Uint8Array(await file.arrayBuffer());
  }

  kindOf(path: string): Promise<"file" | "folder" | null> {
    return Promise.resolve(this.#kindOf(path));
  }

  expectWithin(_folder: string, path: string, kind: "file" | "folder"): Promise<void> {
    const found = this.#kindOf(path);
    return found === null || found === kind
      ? Promise.resolve()
      : Promise.reject(notOfKind(path, kind));
  }

  reasonOf(error: unknown): string {
    const { name, message } = error as Error;
    if (name === "NotFoundError") return "it is not there any more";
    if (name === "NotReadableError") {
      return "the browser may not read it, or it was changed after the folder was chosen";
    }
    return message;
  }

  #kindOf(path: string): "file" | "folder" | null {
    const clean = this.join(path);
    if (this.#folders.has(clean)) return "folder";
    return this.folder.files.has(clean) ? "file" : null;
  }

  #absent(path: string, wanted: "file" | "folder"): Error {
    if (this.#kindOf(path) === null) return new Error("it does not exist");
    return new Error(wanted === "folder" ? "it is not a folder" : "it is a folder");
  }
}
