// The names of the classes, in the order of their labels: a JSON file beside the split lists, or what the labels tell.

import { lesionClasses } from "./dataset.ts";
import { DataError } from "./data_error.ts";
import type { FileTree } from "./file_tree.ts";
import { readText } from "./listing.ts";

/**
 * Reads `classes.json` of a folder of split lists, such as `["nv", "bkl", "mel"]`.
 *
 * @returns null where there is no such file
 * @throws {DataError} unless it names at least two different classes
 */
export async function readClassNames(
  files: FileTree,
  csvFolder: string,
): Promise<readonly string[] | null> {
  const path = classNamesPath(files, csvFolder);
  if (await files.kindOf(path) === null) return null;
  await files.expectWithin(csvFolder, path, "file");
  const remedy = 'write the names in the order of the labels, such as ["nv", "bkl", "mel"]';
  const text = await readText(files, path, "names of the classes", remedy);
  let names: unknown;
  try {
    names = JSON.parse(text);
  } catch (error) {
    throw new DataError(`Cannot parse ${path}: ${(error as Error).message}; ${remedy}`);
  }
  if (isListOfNames(names)) return names;
  throw new DataError(
    `Cannot use ${path}: it is no list of at least two different names without commas; ${remedy}`,
  );
}

/**
 * Names the classes of lists without `classes.json`: the paper's three if there are labels 0, 1 and 2, else
 * `class 0` and so on. No output is trained for a class that nobody has.
 *
 * @param labels of all images of all lists
 * @throws {DataError} when there is a label above one that nobody has, or fewer than two classes
 */
export function namesOfLabels(
  files: FileTree,
  labels: readonly number[],
  csvFolder: string,
): readonly string[] {
  const present = new Set(labels);
  const count = labels.reduce((most, label) => Math.max(most, label), -1) + 1;
  const remedy = `name the classes in the order of their labels in ${
    classNamesPath(files, csvFolder)
  }`;
  if (present.size < count) {
    let absent = 0;
    while (present.has(absent)) absent++;
    throw new DataError(
      `Cannot name the classes: the lists of ${csvFolder} have label ${
        count - 1
      } but no image of label ` +
        `${absent}; ${remedy}, such as ["nv", "bkl", "mel"]`,
    );
  }
  if (count < 2) {
    throw new DataError(
      `Cannot train: all labels of ${csvFolder} are 0, and there have to be at least two classes; ${remedy}`,
    );
  }
  if (count === lesionClasses.length) return lesionClasses;
  return Array.from({ length: count }, (_, label) => `class ${label}`);
}

/**
 * What the user should know about the classes of a federation: one sentence for each finding.
 *
 * @param labels of the training images of each client
 */
export function classWarnings(
  labels: readonly Iterable<number>[],
  classNames: readonly string[],
): string[] {
  const trained = new Set(labels.flatMap((own) => [...own]));
  const untrained = classNames.filter((_, label) => !trained.has(label));
  const warnings = untrained.length === 0 ? [] : [
    `no client has a training image of ${
      untrained.join(", ")
    }: what is never seen is never predicted`,
  ];
  if (classNames.some((name, label) => name !== `class ${label}`)) return warnings;
  return [
    ...warnings,
    `the classes are called ${
      classNames.join(", ")
    }: csv_folder/classes.json can name them, in the order ` +
    "of their labels",
  ];
}

/** Where the names are. */
export function classNamesPath(files: FileTree, csvFolder: string): string {
  return files.join(csvFolder, "classes.json");
}

function isListOfNames(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length < 2) return false;
  // Checkpoints name their classes separated by commas.
  return value.every((name) => typeof name === "string" && name !== "" && !name.includes(",")) &&
    new Set(value).size === value.length;
}
