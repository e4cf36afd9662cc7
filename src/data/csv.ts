// Tables in text: one row per image, cells separated by commas, semicolons, tabs or bars, columns addressed by name.

import { type Info, parse } from "csv-parse/sync";
import { DataError } from "./data_error.ts";

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

/**
 * Reads CSV text (RFC 4180 with either line end) whose first line names the columns. The separator is the one that
 * the header has most of, or the one that a first line `sep=;` names. Rows may be shorter or longer than the
 * header: in the official lists some are.
 *
 * @param text the file's text
 * @param path the file's path, for messages
 * @throws {DataError} unless the text is such a table with at least one row
 */
export function parseTable(text: string, path: string): Table {
  let header: readonly string[] = [];
  const columns = (names: string[]) => {
    header = names;
    return names;
  };
  const { delimiter, body, linesBefore } = findDelimiter(text);
  const options = { bom: true, columns, info: true, trim: true, skip_empty_lines: true } as const;
  try {
    const records = parse(body, {
      ...options,
      delimiter,
      relax_column_count: true,
    }) as unknown as Row[];
    if (records.length > 0) {
      const rows = records.map(({ record, info }) => ({
        fields: record,
        source: `${path} line ${linesBefore + info.lines}`,
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

/** Of equal numbers in a header the first one counts. */
const delimiters = [",", ";", "\t", "|"];

/** What separates cells, and the text without the line that says so, if there is one. */
interface Separated {
  readonly delimiter: string;
  readonly body: string;
  readonly linesBefore: number;
}

function findDelimiter(text: string): Separated {
  // Excel writes and reads such a line.
  const announced = text.match(/^\ufeff?"?sep=([^"\r\n])"?[^\r\n]*(\r\n|\r|\n)/i);
  if (announced !== null) {
    return { delimiter: announced[1], body: text.slice(announced[0].length), linesBefore: 1 };
  }
  const header = text.trimStart().match(/^[^\r\n]*/)![0].replaceAll(/"[^"]*"/g, "");
  const counts = delimiters.map((delimiter) => header.split(delimiter).length);
  const delimiter = delimiters[counts.indexOf(Math.max(...counts))];
  return { delimiter, body: text, linesBefore: 0 };
}
