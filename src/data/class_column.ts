// How a table of labels tells classes: a column of names, or one column of yes and no for each class.

import { isMissing, readMark } from "./cell_values.ts";
import { columnKey, findColumn, namedColumn } from "./columns.ts";
import type { Table, TableRow } from "./csv.ts";
import { DataError } from "./data_error.ts";
import { isDiagnosis } from "./diagnoses.ts";

/** Which columns tell the class; null: found by what they are called. */
export interface ClassColumns {
  /** the one column of names */
  readonly labelColumn?: string | null;
  /** the columns of yes and no */
  readonly labelColumns?: readonly string[] | null;
}

/** Reads the class of a row. */
export interface ClassReader {
  /** what tells the class, in words */
  readonly text: string;
  /** the class as it is written there; null: there is none */
  readonly read: (row: TableRow) => string | null;
}

/**
 * What a column of names is called, the preferred name first. The ISIC archive's export has diagnoses of five
 * levels, from benign and malignant on; the third has the classes of HAM10000.
 */
const names = [
  ...["dx", "diagnosis", "label", "labels", "class", "class_name", "category", "target"],
  ...["diagnosis_3", "diagnosis_2", "diagnosis_1"],
];

/**
 * Finds the column or columns that tell the class.
 *
 * @throws {DataError} when there are none, or one of them is there twice
 */
export function classReader(table: Table, path: string, wanted: ClassColumns = {}): ClassReader {
  const { header } = table;
  if (wanted.labelColumns) {
    const columns = wanted.labelColumns.map((name) =>
      namedColumn(header, name, "--label-columns", path)
    );
    return markReader(columns);
  }
  const column = wanted.labelColumn
    ? namedColumn(header, wanted.labelColumn, "--label-column", path)
    : findColumn(header, names, path);
  if (column !== undefined) {
    const others = names.flatMap((name) => findColumn(header, [name], path) ?? [])
      .filter((name) => name !== column);
    const choice = wanted.labelColumn || others.length === 0
      ? ""
      : ` (not ${others.join(", ")}: choose with --label-column)`;
    return {
      text: `column ${column}${choice}`,
      read: ({ fields }) => isMissing(fields[column]) ? null : fields[column]!,
    };
  }
  const columns = header.filter(isDiagnosis).map((name) => findColumn(header, [name], path)!);
  if (columns.length > 1) return markReader(columns);
  throw new DataError(
    `Cannot use ${path}: it has no column of labels: name it dx or diagnosis or label, or have a column ` +
      `of 0 and 1 for each of MEL, NV, BKL and so on (columns ${
        header.join(", ")
      }); else say which with ` +
      "--label-column or --label-columns",
  );
}

/** In ISIC 2017 an image that is neither of the two is a naevus. */
const isic2017 = ["melanoma", "seborrheic_keratosis"];

function markReader(columns: readonly string[]): ClassReader {
  const keys = columns.map(columnKey);
  const isIsic2017 = keys.length === 2 && isic2017.every((name) => keys.includes(name));
  const read = ({ fields, source }: TableRow): string | null => {
    if (columns.every((column) => isMissing(fields[column]))) return null;
    const marks = columns.map((column) => readMark(fields[column]));
    const set = columns.filter((_, index) => marks[index] === true);
    if (!marks.includes(undefined)) {
      if (set.length === 1) return set[0];
      if (set.length === 0 && isIsic2017) return "nv";
    }
    throw new DataError(
      `Cannot use ${source}: of ${columns.join(", ")} exactly one has to be 1 and the others 0; ` +
        "put it right or remove the line",
    );
  };
  return { text: `columns ${columns.join(", ")}`, read };
}
