// Tables as text: aligned for a terminal, as Markdown, and the captions above them.

import { wrapped } from "../format.ts";
import { tableLines } from "../table_lines.ts";
import type { Style } from "../terminal/style.ts";
import type { Cell, Table } from "./tables.ts";

/** As wide as terminals usually are. */
const captionColumns = 80;

/** Aligned lines below the caption; the best of a column stands out. */
export function tableText({ caption, head, rows }: Table, style: Style): string {
  const cells = [head, ...rows.map((row) => row.map(({ text }) => text))];
  const [title, ...lines] = tableLines(cells, alignmentOf(head));
  const body = lines.map((line, row) => emphasizeBest(line, rows[row], style));
  const words = wrapped(caption, captionColumns);
  return `${words.join("\n")}\n\n${[style.strong(title), ...body].join("\n")}\n`;
}

/** A table of GitHub's Markdown below the caption; the best of a column in bold. */
export function tableMarkdown({ caption, head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, column) => column === 0 ? "---" : "---:");
  const body = rows.map((row) =>
    line(row.map(({ text, best }) => best ? `**${escaped(text)}**` : escaped(text)))
  );
  return `${caption}\n\n${[line(head.map(escaped)), line(rule), ...body].join("\n")}\n`;
}

function alignmentOf(head: readonly string[]): string {
  return "l" + "r".repeat(head.length - 1);
}

/** Marks the cells from the right, where columns end: emphasis must not change widths before. */
function emphasizeBest(line: string, row: readonly Cell[], style: Style): string {
  let end = line.length;
  let marked = "";
  for (const { text, best } of row.toReversed()) {
    const start = line.lastIndexOf(text, end - text.length);
    const shown = best ? style.good(text) : text;
    marked = shown + line.slice(start + text.length, end) + marked;
    end = start;
  }
  return line.slice(0, end) + marked;
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|");
}
