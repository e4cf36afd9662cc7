// The image files of a collection: all below one folder, found by what tables call them.

import { DataError } from "./data_error.ts";
import type { FileTree } from "./file_tree.ts";
import type { AnyDecoder, RgbImage } from "./rgb_image.ts";
import { imageStem, lastPart } from "./image_names.ts";
import { imagesBelow } from "./image_walk.ts";
import { readBytes } from "./listing.ts";

/** Where image files are, and how they are decoded. */
export interface ImageSource {
  readonly files: FileTree;
  readonly decode: AnyDecoder;
}

/** One image file. */
export interface TreeFile {
  readonly path: string;
  /** its path below the folder as tables write it, as of `imageStem()` */
  readonly stem: string;
}

/** The image files below a folder. */
export interface ImageTree {
  readonly root: string;
  /** sorted by path */
  readonly files: readonly TreeFile[];
  /** the files of one name, by their last part without the ending */
  readonly byName: ReadonlyMap<string, readonly TreeFile[]>;
}

/**
 * Finds the files below a folder that are named like images. Links are not followed, so that nothing outside of the
 * folder is read.
 *
 * @throws {DataError} when a folder cannot be read
 */
export async function findImageFiles(files: FileTree, root: string): Promise<ImageTree> {
  const found: TreeFile[] = [];
  const remedy = "name the folder of the images with --source";
  for await (
    const { path, name, isSymlink } of imagesBelow(files, root, "folder of images", remedy)
  ) {
    if (!isSymlink) found.push({ path, stem: imageStem(name) });
  }
  found.sort((a, b) => a.path < b.path ? -1 : 1);
  return { root, files: found, byName: Map.groupBy(found, ({ stem }) => lastPart(stem)) };
}

/**
 * The files that a table means: those at the end of whose path its name is, or else that at the end of whose name
 * their path is (`part_1/x` and `HAM10000/part_1/x` are the same file, whichever of the two the table has).
 *
 * @param stem as of `imageStem()`
 * @returns paths, sorted; none if there is no such file
 */
function filesNamed({ byName }: ImageTree, stem: string): readonly string[] {
  const candidates = byName.get(lastPart(stem)) ?? [];
  const endsWith = (path: string, end: string) => `/${path}`.endsWith(`/${end}`);
  const below = candidates.filter((file) => endsWith(file.stem, stem));
  const found = below.length > 0 ? below : candidates.filter((file) => endsWith(stem, file.stem));
  return found.map(({ path }) => path);
}

/**
 * The files that a table means.
 *
 * @param source where it is listed, for the message
 * @throws {DataError} when there is none
 */
export function filesOf(tree: ImageTree, stem: string, source: string): readonly string[] {
  const paths = filesNamed(tree, stem);
  if (paths.length > 0) return paths;
  const namesakes = tree.byName.get(lastPart(stem)) ?? [];
  const there = namesakes.length === 0 ? "" : `, but there is ${namesakes[0].path}`;
  throw new DataError(
    `Cannot find image ${stem} of ${source}: there is no ${stem}.jpg, .jpeg or .png below ${tree.root}` +
      `${there} (links are not followed); add the image, remove the line, or leave out such images with ` +
      "--skip-missing",
  );
}

/**
 * Divides what is listed into what is there and what is missing; where nothing is to be skipped, all counts as there.
 *
 * @param stemOf what a listed image is called, as of `imageStem()`
 */
export function sortMissing<T>(
  tree: ImageTree,
  listed: readonly T[],
  stemOf: (image: T) => string,
  skipMissing: boolean,
): { readonly kept: readonly T[]; readonly missing: readonly T[] } {
  if (!skipMissing) return { kept: listed, missing: [] };
  const { kept = [], missing = [] } = Object.groupBy(
    listed,
    (image) => filesNamed(tree, stemOf(image)).length > 0 ? "kept" : "missing",
  );
  return { kept, missing };
}

/**
 * Decodes an image of which there may be copies: Kaggle's archive of HAM10000 has all images twice.
 *
 * @throws {DataError} when a file cannot be read or decoded, or the files differ
 */
export async function readImageOf(
  { files, decode }: ImageSource,
  paths: readonly string[],
): Promise<RgbImage> {
  const [bytes, ...copies] = await Promise.all(paths.map((path) => readBytes(files, path)));
  const other = copies.findIndex((copy) => !sameBytes(copy, bytes));
  if (other < 0) return decode(bytes, paths[0]);
  throw new DataError(
    `Cannot choose between ${paths[0]} and ${
      paths[other + 1]
    }: they differ; remove one of them, or name ` +
      "the folder too where the image is listed",
  );
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
