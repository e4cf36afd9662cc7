// Which images belong together because they show the same lesion or patient, and must not be divided.

import { isMissing } from "./cell_values.ts";
import { columnKey, findColumn, namedColumn } from "./columns.ts";
import type { TableRow } from "./csv.ts";

/** The columns by which images are kept together, and those that look as if they should be. */
export interface GroupColumns {
  readonly used: readonly string[];
  readonly unused: readonly string[];
}

/** What a column that tells the lesion, and one that tells the patient, is called. */
const usualNames = [["lesion_id", "lesion"], ["patient_id", "patient"]];

/** What the groups of some columns are called, with their number: "3 patients". */
export function countedGroups(count: number, columns: readonly string[]): string {
  const [lesion, patient] = usualNames;
  const noun = columns.map((column) =>
    lesion.includes(columnKey(column))
      ? "lesion"
      : patient.includes(columnKey(column))
      ? "patient"
      : `value of ${column}`
  );
  const plural = noun.map((name) => name.replace(/^(lesion|patient|value)/, "$1s"));
  return `${count} ${(count === 1 ? noun : plural).join(" and ")}`;
}

/** A column of this name tells whom or what an image shows. */
const looksLikeGroup =
  /(^|_)(patients?|subjects?|participants?|persons?|cases?|lesions?)(_?(id|ids|no|nr|num|number|code|uid|key|index))?$/;

/**
 * Chooses the columns by which images are kept together: the one that the user names, else `lesion_id` and
 * `patient_id`, both if both are there.
 *
 * @param headers the columns of each table
 * @param wanted column that the user names; null: none
 * @throws {DataError} when it is not there, or one that is needed is there twice
 */
export function chooseGroupColumns(
  headers: readonly { readonly header: readonly string[]; readonly path: string }[],
  wanted: string | null,
): GroupColumns {
  const all = headers.flatMap(({ header }) => header);
  const used = wanted === null
    ? usualNames.flatMap((names) =>
      headers.map(({ header, path }) => findColumn(header, names, path))
        .find((column) => column !== undefined) ?? []
    )
    : [chosen(headers, wanted)];
  const unused = [...new Set(all)]
    .filter((name) => looksLikeGroup.test(columnKey(name)) && !used.includes(name));
  return { used, unused };
}

function chosen(
  headers: readonly { readonly header: readonly string[]; readonly path: string }[],
  wanted: string,
): string {
  const owner = headers.find(({ header, path }) =>
    findColumn(header, [wanted], path) !== undefined
  );
  const { header, path } = owner ?? headers[0];
  return namedColumn(header, wanted, "--group-column", path);
}

/**
 * Groups of images that share a value in one of the columns, directly or through another image.
 *
 * @param images fields of each image, by column
 * @returns for each image the name of its group; null: it shares nothing that is known with another, nor has it a value
 */
export function groupsBy(
  images: readonly TableRow["fields"][],
  columns: readonly string[],
): (string | null)[] {
  const parents = images.map((_, index) => index);
  const root = (index: number): number => {
    while (parents[index] !== index) index = parents[index] = parents[parents[index]];
    return index;
  };
  const isNamed = (fields: TableRow["fields"]) => columns.some((name) => !isMissing(fields[name]));
  const firsts = new Map<string, number>();
  images.forEach((fields, index) => {
    columns.forEach((column, position) => {
      if (isMissing(fields[column])) return;
      const key = `${position} ${fields[column]}`;
      const first = firsts.get(key);
      if (first === undefined) firsts.set(key, index);
      else {
        const [a, b] = [root(first), root(index)];
        parents[Math.max(a, b)] = Math.min(a, b);
      }
    });
  });
  return images.map((fields, index) =>
    isNamed(fields) ? nameOf(images[root(index)], columns) : null
  );
}

/** Named after its first image: by the lesion if that is known, else by the patient. */
function nameOf(fields: TableRow["fields"], columns: readonly string[]): string {
  const column = columns.find((name) => !isMissing(fields[name]))!;
  return `${column} ${fields[column]}`;
}
