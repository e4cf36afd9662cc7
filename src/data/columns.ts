// Finds the columns of a table by what they are called, in whatever case and with whatever between the words.

import { DataError } from "./data_error.ts";

/** "Image ID", "image-id" and "IMAGE_ID" are the same name. */
export function columnKey(name: string): string {
  return name.trim().toLowerCase().replaceAll(/[\s.-]+/g, "_");
}

/**
 * The first of some columns that a table has.
 *
 * @param names what it may be called, the preferred name first
 * @param path the table's file, for the message
 * @returns its name as the header has it; undefined if there is none
 * @throws {DataError} when there are two columns of that name
 */
export function findColumn(
  header: readonly string[],
  names: readonly string[],
  path: string,
): string | undefined {
  for (const name of names) {
    const found = header.filter((column) => columnKey(column) === columnKey(name));
    if (found.length > 1) throw twice(found, path);
    if (found.length === 1) return found[0];
  }
  return undefined;
}

/**
 * The column that the user names.
 *
 * @param flag the flag that names it, for the message
 * @throws {DataError} when there is none, or two
 */
export function namedColumn(
  header: readonly string[],
  name: string,
  flag: string,
  path: string,
): string {
  const exact = header.filter((column) => column === name);
  if (exact.length === 1) return name;
  if (exact.length > 1) throw twice(exact, path);
  const column = findColumn(header, [name], path);
  if (column !== undefined) return column;
  throw new DataError(
    `Cannot use ${name} for ${flag}: the columns of ${path} are ${header.join(", ")}`,
  );
}

function twice(found: readonly string[], path: string): DataError {
  const names = [...new Set(found)].join(" and ");
  return new DataError(
    `Cannot use ${path}: it has ${found.length} columns ${names}, which may differ; remove or rename ` +
      "all but one",
  );
}
