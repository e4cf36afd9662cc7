// The labels of a collection: one table as HAM10000, the ISIC challenges, the ISIC archive or the user's own program writes it.

import { isMissing } from "./cell_values.ts";
import { type ClassColumns, classReader } from "./class_column.ts";
import { findColumn, namedColumn } from "./columns.ts";
import { parseTable, type Table, type TableRow } from "./csv.ts";
import { DataError } from "./data_error.ts";
import { flatNames, imageStem, lastPart } from "./image_names.ts";
import { unifySpellings } from "./spellings.ts";

/** One labelled image. */
export interface LabelledImage {
  /** different for every image, and no path */
  readonly id: string;
  /** how the table names its file, as of `imageStem()`: perhaps with folders */
  readonly stem: string;
  readonly className: string;
  /** all its fields by column */
  readonly fields: TableRow["fields"];
  /** for messages: "path line 7" */
  readonly source: string;
}

/** What a table of labels tells. */
export interface LabelTable {
  readonly header: readonly string[];
  readonly images: readonly LabelledImage[];
  /** what the user should know about how it was read */
  readonly notes: readonly string[];
}

/** How to read a table of labels; what is null is found by what it is called. */
export interface LabelTableOptions extends ClassColumns {
  /** column that names the image */
  readonly idColumn?: string | null;
  /** leave out images that have no label, instead of refusing them */
  readonly dropUnlabelled?: boolean;
}

/** What a column that names images is called, the preferred name first. */
const idNames = [
  ...["image_id", "isic_id", "image", "image_name", "image_index", "filename", "file_name"],
  ...["image_path", "filepath", "file_path", "file", "path", "img", "image_file", "id"],
];

/**
 * Reads a table with a column that names images (`image_id`, `isic_id`, `filename`, …) and the class in words or
 * numbers (`dx`, `diagnosis`, `label`, …) or as a column of 0 and 1 for each diagnosis (`MEL`, `NV`, `BKL`, …).
 *
 * @throws {DataError} when the columns are missing, a row has no single class or an image occurs twice
 */
export function parseLabelTable(
  text: string,
  path: string,
  options: LabelTableOptions = {},
): LabelTable {
  const table = parseTable(text, path);
  const idColumn = findIdColumn(table, path, options.idColumn);
  const reader = classReader(table, path, options);
  const rows = namedRows(table, idColumn).map((row) => ({ ...row, label: reader.read(row) }));
  const labelled = rows.flatMap(({ label, ...row }) => label === null ? [] : [{ ...row, label }]);
  const dropped = rows.length - labelled.length;
  if (dropped > 0 && !options.dropUnlabelled) {
    throw unlabelled(rows.find(({ label }) => label === null)!, dropped, reader.text);
  }
  if (labelled.length === 0) {
    throw new DataError(`Cannot use ${path}: none of its images has a label`);
  }
  const { names, notes } = unifySpellings(labelled.map(({ label }) => label));
  const ids = flatNames(labelled.map(({ stem }) => stem));
  return {
    header: table.header,
    images: labelled.map(({ stem, label, fields, source }, index) => ({
      ...{ id: ids[index], stem, className: names.get(label)!, fields, source },
    })),
    notes: [
      `images are named by column ${idColumn}, classes by ${reader.text}`,
      ...notes,
      ...(dropped === 0 ? [] : [`left out without label: ${dropped} of ${rows.length} images`]),
    ],
  };
}

/** Further columns about images. */
export interface Metadata {
  readonly header: readonly string[];
  /** fields by the image's name as of `imageStem()` */
  readonly fields: ReadonlyMap<string, TableRow["fields"]>;
}

/**
 * Reads further columns about images.
 *
 * @throws {DataError} when there is no column that names images, or an image occurs twice
 */
export function parseMetadata(text: string, path: string, idColumn?: string | null): Metadata {
  const table = parseTable(text, path);
  const column = findIdColumn(table, path, idColumn);
  const rows = namedRows(table, column);
  return { header: table.header, fields: new Map(rows.map(({ stem, fields }) => [stem, fields])) };
}

/** What further columns say of an image: under its own name, or that without folders. */
export function metadataOf({ fields }: Metadata, stem: string): TableRow["fields"] | undefined {
  return fields.get(stem) ?? fields.get(lastPart(stem));
}

function findIdColumn({ header }: Table, path: string, wanted?: string | null): string {
  if (wanted) return namedColumn(header, wanted, "--id-column", path);
  const column = findColumn(header, idNames, path);
  if (column !== undefined) return column;
  throw new DataError(
    `Cannot use ${path}: it has no column of image identifiers: name it image_id or isic_id or image or ` +
      `image_name or filename (columns ${header.join(", ")}), or say which with --id-column`,
  );
}

/** The rows with what they call their images, each of which is there once. */
function namedRows({ rows }: Table, column: string): (TableRow & { readonly stem: string })[] {
  const named = rows.map((row) => ({
    ...row,
    stem: readStem(row.fields[column], column, row.source),
  }));
  expectDifferent(named);
  return named;
}

function readStem(text: string | undefined, column: string, source: string): string {
  if (!isMissing(text)) return imageStem(text!);
  throw new DataError(`Cannot use ${source}: it has no ${column}; fill it in or remove the line`);
}

function expectDifferent(rows: readonly { readonly stem: string; readonly source: string }[]) {
  const sources = new Map<string, string>();
  for (const { stem, source } of rows) {
    const first = sources.get(stem);
    if (first !== undefined) {
      const folders = stem.includes("/")
        ? ""
        : `, or name their folders too if they are different files (siteA/${stem})`;
      throw new DataError(
        `Cannot use ${source}: ${first} has image ${stem} already; remove one of them${folders}`,
      );
    }
    sources.set(stem, source);
  }
}

function unlabelled({ source }: { readonly source: string }, count: number, column: string) {
  const others = count === 1 ? "" : `, nor have ${count - 1} other images`;
  return new DataError(
    `Cannot use ${source}: its image has no label in ${column}${others}; fill it in, or leave out ` +
      "such images with --drop-unlabelled",
  );
}
