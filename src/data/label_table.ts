// The labels of a collection: one CSV file as HAM10000, the ISIC challenges and the ISIC archive have them.

import { parseTable, type Table, type TableRow } from "./csv.ts";
import { DataError } from "./data_error.ts";
import { className, isDiagnosis } from "./diagnoses.ts";

/** One labelled image. */
export interface LabelledImage {
  readonly id: string;
  readonly className: string;
  /** all its fields by column */
  readonly fields: TableRow["fields"];
  /** for messages: "path line 7" */
  readonly source: string;
}

const idColumns = ["image_id", "isic_id", "image", "image_name"];
const labelColumns = ["dx", "diagnosis", "label"];

/**
 * Reads a table with a column of image identifiers (`image_id`, `isic_id`, `image` or `image_name`) and the class
 * in words (`dx`, `diagnosis` or `label`) or as a column of 0 and 1 for each diagnosis (`MEL`, `NV`, `BKL`, …).
 *
 * @throws {DataError} when the columns are missing, a row has no single class or an image occurs twice
 */
export function parseLabelTable(text: string, path: string): LabelledImage[] {
  const table = parseTable(text, path);
  const idColumn = findIdColumn(table, path);
  const readClass = classReader(table, path);
  const images = table.rows.map(({ fields, source }) => {
    const id = readId(fields[idColumn], idColumn, source);
    return { id, className: readClass({ fields, source }), fields, source };
  });
  expectDifferent(images);
  return images;
}

/**
 * Reads further columns about images.
 *
 * @returns fields by image identifier
 * @throws {DataError} when there is no column of identifiers or an image occurs twice
 */
export function parseMetadata(text: string, path: string): Map<string, TableRow["fields"]> {
  const table = parseTable(text, path);
  const idColumn = findIdColumn(table, path);
  const images = table.rows.map(({ fields, source }) => ({
    id: readId(fields[idColumn], idColumn, source),
    fields,
    source,
  }));
  expectDifferent(images);
  return new Map(images.map(({ id, fields }) => [id, fields]));
}

/**
 * Reads the lesion of every image.
 *
 * @returns lesions by image identifier; images without one are left out
 * @throws {DataError} as `parseMetadata()`, and when no image has a lesion
 */
export function parseLesions(text: string, path: string): Map<string, string> {
  const lesions = new Map<string, string>();
  for (const [id, { lesion_id }] of parseMetadata(text, path)) {
    if (lesion_id) lesions.set(id, lesion_id);
  }
  if (lesions.size > 0) return lesions;
  throw new DataError(
    `Cannot use ${path}: no image has a lesion_id; name a file with that column, such as ` +
      "HAM10000_metadata.csv",
  );
}

function findIdColumn({ header }: Table, path: string): string {
  const column = idColumns.find((name) => header.includes(name));
  if (column !== undefined) return column;
  throw missing(path, header, `image identifiers: name it ${idColumns.join(" or ")}`);
}

/** Fields may carry the ending of the file's name. */
function readId(text: string | undefined, column: string, source: string): string {
  if (text) return text.replace(/\.(png|jpe?g)$/i, "");
  throw new DataError(`Cannot use ${source}: it has no ${column}; fill it in or remove the line`);
}

function expectDifferent(images: readonly { readonly id: string; readonly source: string }[]) {
  const sources = new Map<string, string>();
  for (const { id, source } of images) {
    const first = sources.get(id);
    if (first !== undefined) {
      throw new DataError(
        `Cannot use ${source}: ${first} has image ${id} already; remove one of them`,
      );
    }
    sources.set(id, source);
  }
}

/** How to tell the class of a row. */
function classReader({ header }: Table, path: string): (row: TableRow) => string {
  const column = labelColumns.find((name) => header.includes(name));
  if (column !== undefined) {
    return ({ fields, source }) => {
      const text = fields[column];
      if (text) return className(text);
      throw new DataError(
        `Cannot use ${source}: it has no ${column}; fill it in or remove the line`,
      );
    };
  }
  const flags = header.filter(isDiagnosis);
  if (flags.length > 1) return (row) => readFlags(row, flags);
  const wish =
    `labels: name it ${labelColumns.join(" or ")}, or have a column of 0 and 1 for each of ` +
    "MEL, NV, BKL and so on";
  throw missing(path, header, wish);
}

/** In ISIC 2017 an image that is neither of the two is a naevus. */
const isic2017 = ["melanoma", "seborrheic_keratosis"];

function readFlags({ fields, source }: TableRow, columns: readonly string[]): string {
  const values = columns.map((column) => fields[column] ? Number(fields[column]) : NaN);
  const set = columns.filter((_, index) => values[index] === 1);
  const areFlags = values.every((value) => value === 0 || value === 1);
  if (areFlags && set.length === 1) return className(set[0]);
  const isIsic2017 = columns.length === 2 && isic2017.every((column) => columns.includes(column));
  if (areFlags && set.length === 0 && isIsic2017) return "nv";
  throw new DataError(
    `Cannot use ${source}: of ${columns.join(", ")} exactly one has to be 1 and the others 0; ` +
      "put it right or remove the line",
  );
}

function missing(path: string, header: readonly string[], wish: string): DataError {
  return new DataError(
    `Cannot use ${path}: it has no column of ${wish} (columns ${header.join(", ")})`,
  );
}
