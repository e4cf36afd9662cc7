// A collection without a table: one folder per class, as torchvision's ImageFolder reads it.

import type { Collection } from "./collected_image.ts";
import { DataError } from "./data_error.ts";
import type { SplitName } from "./dataset.ts";
import { flatNames } from "./image_names.ts";
import { findImageFiles, type ImageSource, readImageOf, type TreeFile } from "./image_tree.ts";
import { unifySpellings } from "./spellings.ts";

/** What folders of splits are called. */
const splitFolders: Readonly<Record<string, SplitName>> = {
  train: "train",
  training: "train",
  val: "valid",
  valid: "valid",
  validation: "valid",
  test: "test",
  testing: "test",
};

/** A file, and what its folders say. */
export interface SortedFile {
  readonly file: TreeFile;
  readonly label: string;
  /** null: its folders are of classes alone */
  readonly split: SplitName | null;
}

/**
 * Images below `<path>/<class>/`, or below `<path>/{train,valid,test}/<class>/`, whose splits then stay as they are.
 *
 * @returns null if the folder is not of this kind: it has images itself, or fewer than two folders with images
 * @throws {DataError} if some folders of splits are missing, or their classes
 */
export async function readClassFolders(
  source: ImageSource,
  path: string,
): Promise<Collection | null> {
  const { files } = await findImageFiles(source.files, path);
  const tops = new Set(files.map(({ stem }) => stem.split("/")[0]));
  const sorted = tops.size < 2 ? null : sortByFolders(files, path);
  if (sorted === null) return null;
  const { images, notes } = classifiedImages(source, sorted);
  const isSplit = sorted.some(({ split }) => split !== null);
  const splits = isSplit ? ", splits by the folders train, valid and test" : "";
  return { images, groupColumns: [], notes: [`classes are named by folders${splits}`, ...notes] };
}

/**
 * The classes and splits of files that are below a folder, by the folders in it.
 *
 * @param depth of the folder: so many parts of a stem lead to it
 * @returns null if the folder has images itself
 * @throws {DataError} if some folders of splits are missing, or their classes
 */
export function sortByFolders(
  files: readonly TreeFile[],
  path: string,
  depth = 0,
): SortedFile[] | null {
  const parts = files.map(({ stem }) => stem.split("/").slice(depth));
  if (parts.some(({ length }) => length < 2)) return null;
  const tops = new Set(parts.map(([top]) => top));
  const isSplit = [...tops].every(isSplitFolder);
  if (isSplit) expectAllSplits(tops, path);
  return files.map((file, index): SortedFile => {
    const [top, second] = parts[index];
    if (!isSplit) return { file, label: top, split: null };
    if (parts[index].length < 3) {
      throw new DataError(
        `Cannot tell the class of ${file.path}: put it into a folder named after its class`,
      );
    }
    return { file, label: second, split: splitFolders[top.toLowerCase()] };
  });
}

/** Is a folder called as those of splits are? */
export function isSplitFolder(name: string): boolean {
  return Object.hasOwn(splitFolders, name.toLowerCase());
}

function expectAllSplits(tops: ReadonlySet<string>, path: string): void {
  const found = new Set([...tops].map((top) => splitFolders[top.toLowerCase()]));
  if (found.size === 3 && tops.size === 3) return;
  throw new DataError(
    `Cannot use the splits of ${path}: of train, valid and test it has ${
      [...tops].join(", ")
    }; add what ` +
      `is missing, or divide the images of one folder anew with --source ${path}/${[...tops][0]}`,
  );
}

/** The images of files whose folders tell their classes, and which spellings were put together. */
export function classifiedImages(
  source: ImageSource,
  sorted: readonly SortedFile[],
): Pick<Collection, "images" | "notes"> {
  const { names, notes } = unifySpellings(sorted.map(({ label }) => label));
  const ids = flatNames(uniqueStems(sorted.map(({ file }) => file)));
  const images = sorted.map(({ file, label, split }, index) => ({
    ...{ id: ids[index], className: names.get(label)!, group: null, split, fields: {} },
    load: () => readImageOf(source, [file.path]),
  }));
  return { images, notes };
}

/** Paths without endings; with them where a folder has `x.jpg` and `x.png`. */
function uniqueStems(files: readonly TreeFile[]): string[] {
  const counts = Map.groupBy(files, ({ stem }) => stem);
  return files.map(({ stem, path }) =>
    counts.get(stem)!.length === 1 ? stem : `${stem}_${path.slice(path.lastIndexOf(".") + 1)}`
  );
}
