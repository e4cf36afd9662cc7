// Which classes of a collection are kept, and the order of their labels.

import type { CollectedImage } from "./collected_image.ts";
import { DataError } from "./data_error.ts";
import { lesionClasses } from "./dataset.ts";
import { className } from "./diagnoses.ts";
import { spellingKey } from "./spellings.ts";

/**
 * The classes that occur: the paper's first, in its order, then the others by number or name.
 *
 * @param wanted the classes to keep, in any case, in the order of their labels; null: all
 * @throws {DataError} when a wanted class does not occur, or there are fewer than two
 */
export function chooseClasses(
  images: readonly CollectedImage[],
  wanted: readonly string[] | null,
): readonly string[] {
  const others = new Set(images.map(({ className }) => className));
  const ours = lesionClasses.filter((name) => others.delete(name));
  const all = [...ours, ...[...others].sort(byNumberOrName)];
  const classes = wanted?.map((name) => knownClass(name, all)) ?? all;
  const second = classes.find((name, index) => classes.indexOf(name) < index);
  if (second !== undefined) throw new DataError(`Cannot keep class ${second} twice; name it once`);
  if (classes.length >= 2) return classes;
  throw new DataError(`Cannot use ${classes.join()} alone: there have to be at least two classes`);
}

/** The class that is spelled so, or whose diagnosis is. */
function knownClass(wanted: string, all: readonly string[]): string {
  const keys = [wanted, className(wanted)].map(spellingKey);
  const known = all.find((name) => name === wanted) ??
    all.find((name) => keys.includes(spellingKey(name)));
  if (known !== undefined) return known;
  throw new DataError(`Cannot keep class ${wanted}: the images are of ${all.join(", ")}`);
}

function byNumberOrName(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
