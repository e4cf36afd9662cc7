// The names of the classes, in the order of their labels: a JSON file beside the split lists.

import { join } from "@std/path";
import { lesionClasses } from "./dataset.ts";
import { DataError } from "./data_error.ts";
import { expectWithin, readText } from "./listing.ts";

/**
 * Reads `classes.json` of a folder of split lists, such as `["nv", "bkl", "mel"]`; the paper's classes where there
 * is no such file.
 *
 * @throws {DataError} unless it names at least two different classes
 */
export async function readClassNames(csvFolder: string): Promise<readonly string[]> {
  const path = classNamesPath(csvFolder);
  if (!await exists(path)) return lesionClasses;
  await expectWithin(csvFolder, path, "file");
  const remedy = 'write the names in the order of the labels, such as ["nv", "bkl", "mel"]';
  const text = await readText(path, "names of the classes", remedy);
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

/** Where the names are. */
export function classNamesPath(csvFolder: string): string {
  return join(csvFolder, "classes.json");
}

function isListOfNames(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length < 2) return false;
  // Checkpoints name their classes separated by commas.
  return value.every((name) => typeof name === "string" && name !== "" && !name.includes(",")) &&
    new Set(value).size === value.length;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
