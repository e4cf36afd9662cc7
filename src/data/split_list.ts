// Split lists: which images of a client are for training, validation or testing, with the numbers of their classes.

import { findColumn } from "./columns.ts";
import { parseTable, type TableRow } from "./csv.ts";
import { DataError } from "./data_error.ts";
import { imageStem } from "./image_names.ts";

/** One image of a split list. */
export interface ListedImage {
  readonly id: string;
  /** class index in `[0, classes)` */
  readonly label: number;
  /** where it is listed, for messages: "path line 7" */
  readonly source: string;
  /** all its fields by column */
  readonly fields: TableRow["fields"];
}

/**
 * Reads the columns `image_id` and `label` of a split list, in any case. Other columns are allowed: the official
 * lists have them.
 *
 * @param text the file's text
 * @param path the file's path, for messages
 * @param classes number of classes: labels are in `[0, classes)`; null if it is not known
 * @throws {DataError} unless the text is CSV with both columns once, at least one row and valid labels
 */
export function parseSplitList(text: string, path: string, classes: number | null): ListedImage[] {
  const { header, rows } = parseTable(text, path);
  const [idColumn, labelColumn] = ["image_id", "label"].map((name) =>
    findColumn(header, [name], path)
  );
  if (idColumn === undefined || labelColumn === undefined) {
    const missing = [
      ...(idColumn === undefined ? ["image_id"] : []),
      ...(labelColumn === undefined ? ["label"] : []),
    ];
    throw new DataError(
      `Cannot use ${path}: it has no column ${missing.join(" and no column ")} ` +
        `(columns ${header.join(", ")}); name it in the first line`,
    );
  }
  return rows.map(({ fields, source }) => {
    const id = readId(fields[idColumn], source);
    return { id, label: readLabel(fields[labelColumn], source, classes), source, fields };
  });
}

function readId(text: string | undefined, source: string): string {
  if (text) return imageStem(text);
  throw new DataError(`Cannot use ${source}: it has no image_id; fill it in or remove the line`);
}

function readLabel(text: string | undefined, source: string, classes: number | null): number {
  const label = text ? Number(text) : NaN;
  if (Number.isInteger(label) && label >= 0 && label < (classes ?? Infinity)) return label;
  const range = classes === null ? "such as 0, 1 or 2" : `from 0 to ${classes - 1}`;
  throw new DataError(
    `Cannot use ${source}: its label is "${text ?? ""}"; write a whole number ${range}`,
  );
}
