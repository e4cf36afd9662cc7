// A collection without a table: one folder per class, as torchvision's ImageFolder reads it.

import type { Collection } from "./collection.ts";
import { DataError } from "./data_error.ts";
import type { SplitName } from "./dataset.ts";
import { openImageDecoder } from "./decode.ts";
import { flatNames } from "./image_names.ts";
import { findImageFiles, readImageOf, type TreeFile } from "./image_tree.ts";
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
interface Sorted {
  readonly file: TreeFile;
  readonly label: string;
  readonly split: SplitName | null;
}

/**
 * Images below `<path>/<class>/`, or below `<path>/{train,valid,test}/<class>/`, whose splits then stay as they are.
 *
 * @returns null if the folder is not of this kind: it has images itself, or fewer than two folders with images
 * @throws {DataError} if some folders of splits are missing, or their classes
 */
export async function readClassFolders(path: string): Promise<Collection | null> {
  const tree = await findImageFiles(path);
  const parts = tree.files.map(({ stem }) => stem.split("/"));
  if (parts.some(({ length }) => length < 2)) return null;
  const tops = new Set(parts.map(([top]) => top));
  if (tops.size < 2) return null;
  const isSplit = [...tops].every((top) => Object.hasOwn(splitFolders, top.toLowerCase()));
  if (isSplit) expectAllSplits(tops, path);
  const sorted = tree.files.map((file, index): Sorted => {
    const [top, second] = parts[index];
    if (!isSplit) return { file, label: top, split: null };
    if (parts[index].length < 3) {
      throw new DataError(
        `Cannot tell the class of ${file.path}: put it into a folder named after its class`,
      );
    }
    return { file, label: second, split: splitFolders[top.toLowerCase()] };
  });
  return await collectionOf(sorted, isSplit);
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

async function collectionOf(sorted: readonly Sorted[], isSplit: boolean): Promise<Collection> {
  const { names, notes } = unifySpellings(sorted.map(({ label }) => label));
  const ids = flatNames(uniqueStems(sorted.map(({ file }) => file)));
  const decode = await openImageDecoder();
  const images = sorted.map(({ file, label, split }, index) => ({
    ...{ id: ids[index], className: names.get(label)!, group: null, split, fields: {} },
    load: () => readImageOf([file.path], decode),
  }));
  const splits = isSplit ? ", splits by the folders train, valid and test" : "";
  return {
    images,
    groupColumns: [],
    notes: [`classes are named by folders${splits}`, ...notes],
  };
}

/** Paths without endings; with them where a folder has `x.jpg` and `x.png`. */
function uniqueStems(files: readonly TreeFile[]): string[] {
  const counts = Map.groupBy(files, ({ stem }) => stem);
  return files.map(({ stem, path }) =>
    counts.get(stem)!.length === 1 ? stem : `${stem}_${path.slice(path.lastIndexOf(".") + 1)}`
  );
}
