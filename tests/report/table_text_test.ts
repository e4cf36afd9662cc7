// Tables as text for a terminal and as Markdown.

import { plainStyle, type Style } from "../../src/report/terminal/style.ts";
import { tableMarkdown, tableText } from "../../src/report/page/table_text.ts";
import type { Table } from "../../src/report/page/tables.ts";
import { assertEquals } from "../assert.ts";

const table: Table = {
  caption: "F1 of two methods",
  head: ["Method", "A", "A|B"],
  rows: [
    [{ text: "one" }, { text: "5.0", best: false }, { text: "5.0", best: true }],
    [{ text: "another" }, { text: "15.0", best: true }, { text: "n/a" }],
  ],
};

Deno.test("tableText() aligns columns below the caption", () => {
  assertEquals(
    tableText(table, plainStyle),
    `F1 of two methods

  Method      A  A|B
  one       5.0  5.0
  another  15.0  n/a
`,
  );
});

Deno.test("tableText() emphasizes the best of a column, in its place among equal cells", () => {
  const marked: Style = { ...plainStyle, good: (text) => `<${text}>` };
  const lines = tableText(table, marked).split("\n");
  assertEquals(lines.slice(3, 5), ["  one       5.0  <5.0>", "  another  <15.0>  n/a"]);
});

Deno.test("tableMarkdown() has a rule, bold cells, and no bar that a cell brings along", () => {
  assertEquals(
    tableMarkdown(table),
    `F1 of two methods

| Method | A | A\\|B |
| --- | ---: | ---: |
| one | 5.0 | **5.0** |
| another | **15.0** | n/a |
`,
  );
});

Deno.test("tableText() breaks a long caption between words", () => {
  const caption = Array.from({ length: 30 }, () => "seven").join(" ");
  const [first, second] = tableText({ ...table, caption }, plainStyle).split("\n");
  assertEquals([first.length, second.startsWith("seven seven")], [77, true]);
});
