// Tables of text, with columns under each other.

import { stripVTControlCharacters } from "node:util";

/**
 * Aligned lines, indented by two. Numbers stand below each other, whatever `membersText()` adds to some.
 *
 * @param rows cells; all rows have as many as the first
 * @param alignment of each column, `l` or `r`: "lrr"
 */
export function tableLines(rows: readonly (readonly string[])[], alignment: string): string[] {
  const widest = (of: (cell: string) => number) =>
    rows[0].map((_, column) => Math.max(...rows.map((row) => of(row[column]))));
  const [widths, markWidths] = [widest((cell) => width(cell) - markWidth(cell)), widest(markWidth)];
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const mark = markWidth(cell);
      const padding = " ".repeat(widths[column] - width(cell) + mark);
      const behind = " ".repeat(markWidths[column] - mark);
      return alignment[column] === "r" ? padding + cell + behind : cell + padding + behind;
    });
    return `  ${cells.join("  ")}`.trimEnd();
  });
}

/** Columns of what `membersText()` has added. */
function markWidth(cell: string): number {
  return stripVTControlCharacters(cell).match(/ \(\d+ of \d+\)$/)?.[0].length ?? 0;
}

/** Terminal columns: code points but those of emphasis, which is right for all that these tables hold. */
function width(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}
