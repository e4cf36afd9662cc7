// Goes through a folder and those in it, and finds what is named like an image.

import type { FileTree } from "./file_tree.ts";
import { isImageFolder, isImageName } from "./image_names.ts";
import { listFolder } from "./listing.ts";

/** A file, or a link to one or to anything else, that is named like an image. */
export interface FoundImage {
  readonly path: string;
  /** its path below the folder where the search began, with slashes */
  readonly name: string;
  readonly isSymlink: boolean;
}

/**
 * In no particular order. Links to folders are not followed; what is done with links to files is up to the caller.
 *
 * @param what and `remedy` as of `listFolder()`
 * @throws {DataError} when a folder cannot be read
 */
export async function* imagesBelow(
  files: FileTree,
  root: string,
  what: string,
  remedy: string,
): AsyncGenerator<FoundImage, void> {
  const folders = [""];
  for (const prefix of folders) { // which grows
    const folder = prefix === "" ? root : files.join(root, prefix);
    for (const entry of await listFolder(files, folder, what, remedy)) {
      const { isFile, isSymlink, isDirectory } = entry;
      const name = prefix + entry.name;
      if (isDirectory && isImageFolder(entry.name)) folders.push(`${name}/`);
      if ((isFile || isSymlink) && isImageName(entry.name)) {
        yield { path: files.join(folder, entry.name), name, isSymlink };
      }
    }
  }
}
