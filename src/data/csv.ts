// The list of a split: a CSV file with one row per image, columns addressed by name.

import { type Info, parse } from "csv-parse/sync";
import { DataError } from "./data_error.ts";

/** One image of a split list. */
export interface ListedImage {
  readonly id: string;
  /** class index in `[0, classes)` */
  readonly label: number;
  /** where it is listed, for messages: "path line 7" */
  readonly source: string;
}

/** A record under its column names, and where it ended. */
interface Row {
  readonly record: Readonly<Record<string, string | undefined>>;
  readonly info: Pick<Info, "lines">;
}

const requiredColumns = ["image_id", "label"];

/**
 * Reads the columns `image_id` and `label` of a split list (RFC 4180 with either line end). Other columns, and
 * rows shorter or longer than the header, are allowed: the official lists have them.
 *
 * @param text the file's text
 * @param path the file's path, for messages
 * @param classes number of classes; labels are in `[0, classes)`
 * @throws {DataError} unless the text is CSV with both columns, at least one row and valid labels
 */
export function parseSplitList(text: string, path: string, classes: number): ListedImage[] {
  const rows = parseRows(text, path);
  if (rows.length === 0) {
    throw new DataError(`Cannot use ${path}: it lists no images; add at least one row`);
  }
  return rows.map(({ record, info }) => {
    const source = `${path} line ${info.lines}`;
    const id = readId(record.image_id, source);
    return { id, label: readLabel(record.label, source, classes), source };
  });
}

function parseRows(text: string, path: string): Row[] {
  const columns = (header: string[]) => {
    const missing = requiredColumns.filter((column) => !header.includes(column));
    if (missing.length === 0) return header;
    throw new DataError(
      `Cannot use ${path}: it has no column ${missing.join(" and no column ")} ` +
        `(columns ${header.join(", ")}); name it in the first line`,
    );
  };
  try {
    const options = { bom: true, columns, info: true, trim: true, skip_empty_lines: true } as const;
    return parse(text, { ...options, relax_column_count: true }) as unknown as Row[];
  } catch (error) {
    if (error instanceof DataError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`Cannot parse ${path}: ${reason}; save it as comma-separated values`);
  }
}

/** CSV text (RFC 4180) of a header and rows. */
export function csvText(rows: readonly (readonly string[])[]): string {
  const field = (text: string) => /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return rows.map((row) => `${row.map(field).join(",")}\n`).join("");
}

function readId(text: string | undefined, source: string): string {
  if (text) return text;
  throw new DataError(`Cannot use ${source}: it has no image_id; fill it in or remove the line`);
}

function readLabel(text: string | undefined, source: string, classes: number): number {
  const label = text ? Number(text) : NaN;
  if (Number.isInteger(label) && label >= 0 && label < classes) return label;
  throw new DataError(
    `Cannot use ${source}: its label is "${text ?? ""}"; ` +
      `write a whole number from 0 to ${classes - 1}`,
  );
}
