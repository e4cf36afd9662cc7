// Lists of images: CSV files with one row per image, columns addressed by name.

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

/** A table with named columns. */
export interface Table {
  /** names of the columns */
  readonly header: readonly string[];
  readonly rows: readonly TableRow[];
}

/** One row of a table. */
export interface TableRow {
  /** fields by column; a short row lacks the last ones */
  readonly fields: Readonly<Record<string, string | undefined>>;
  /** where it ends, for messages: "path line 7" */
  readonly source: string;
}

const requiredColumns = ["image_id", "label"];

/**
 * Reads the columns `image_id` and `label` of a split list. Other columns are allowed: the official lists have
 * them.
 *
 * @param text the file's text
 * @param path the file's path, for messages
 * @param classes number of classes; labels are in `[0, classes)`
 * @throws {DataError} unless the text is CSV with both columns, at least one row and valid labels
 */
export function parseSplitList(text: string, path: string, classes: number): ListedImage[] {
  const { header, rows } = parseTable(text, path);
  const missing = requiredColumns.filter((column) => !header.includes(column));
  if (missing.length > 0) {
    throw new DataError(
      `Cannot use ${path}: it has no column ${missing.join(" and no column ")} ` +
        `(columns ${header.join(", ")}); name it in the first line`,
    );
  }
  return rows.map(({ fields, source }) => {
    const id = readId(fields.image_id, source);
    return { id, label: readLabel(fields.label, source, classes), source };
  });
}

/**
 * Reads CSV text (RFC 4180 with either line end) whose first line names the columns. Rows shorter or longer than
 * that are allowed: the official lists have them.
 *
 * @throws {DataError} unless the text is CSV with at least one row
 */
export function parseTable(text: string, path: string): Table {
  let header: readonly string[] = [];
  const columns = (names: string[]) => {
    header = names;
    return names;
  };
  const options = { bom: true, columns, info: true, trim: true, skip_empty_lines: true } as const;
  try {
    const records = parse(text, { ...options, relax_column_count: true }) as unknown as Row[];
    if (records.length > 0) {
      const rows = records.map(({ record, info }) => ({
        fields: record,
        source: `${path} line ${info.lines}`,
      }));
      return { header, rows };
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`Cannot parse ${path}: ${reason}; save it as comma-separated values`);
  }
  throw new DataError(`Cannot use ${path}: it lists no images; add at least one row`);
}

/** As the parser returns it. */
interface Row {
  readonly record: TableRow["fields"];
  readonly info: Pick<Info, "lines">;
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
