// Split lists: which CSV files are understood, and what is said about the others.

import { parseTable } from "../../src/data/csv.ts";
import { parseSplitList } from "../../src/data/split_list.ts";
import { DataError } from "../../src/data/data_error.ts";
import { assertEquals, assertMatch, assertThrows } from "../assert.ts";

function parse(text: string) {
  return parseSplitList(text, "list.csv", 3);
}

function idsAndLabels(text: string) {
  return parse(text).map(({ id, label }) => [id, label]);
}

function assertRejected(text: string, message: string): void {
  assertEquals(assertThrows(() => parse(text), DataError).message, message);
}

Deno.test("parseSplitList() addresses columns by name and ignores the others", () => {
  assertEquals(idsAndLabels("sex,label,image_id\nmale,2,x\nfemale,0,y\n"), [["x", 2], ["y", 0]]);
});

Deno.test("parseSplitList() takes CRLF line ends, a byte order mark and empty lines", () => {
  assertEquals(idsAndLabels("\ufeffimage_id,label\r\nx,1\r\n\r\ny,2"), [["x", 1], ["y", 2]]);
});

Deno.test("parseSplitList() takes rows with surplus, empty and missing fields", () => {
  const text = "image_id,label,age,sex\nx,1,,,,,\ny,2\n";
  assertEquals(idsAndLabels(text), [["x", 1], ["y", 2]]);
});

Deno.test("parseSplitList() takes quoted fields with commas, quotes and line ends", () => {
  const text = 'image_id,note,label\n"x,1","say ""a""\nthen b",1\ny,"",2\n';
  assertEquals(parse(text).map(({ id, label, source }) => [id, label, source]), [
    ["x,1", 1, "list.csv line 3"],
    ["y", 2, "list.csv line 4"],
  ]);
});

Deno.test("parseSplitList() keeps repeated identifiers", () => {
  assertEquals(idsAndLabels("image_id,label\nx,1\nx,1\n"), [["x", 1], ["x", 1]]);
});

Deno.test("parseSplitList() takes labels written as decimal fractions", () => {
  assertEquals(idsAndLabels("image_id,label\nx,1.0\n"), [["x", 1]]);
});

Deno.test("parseSplitList() rejects a list without images", () => {
  const message = "Cannot use list.csv: it lists no images; add at least one row";
  assertRejected("image_id,label\r\n", message);
  assertRejected("", message);
});

Deno.test("parseSplitList() rejects a list without a needed column", () => {
  assertRejected(
    "id,label\nx,1\n",
    "Cannot use list.csv: it has no column image_id (columns id, label); name it in the first line",
  );
  assertRejected(
    "id,class\nx,1\n",
    "Cannot use list.csv: it has no column image_id and no column label (columns id, class); " +
      "name it in the first line",
  );
});

Deno.test("parseSplitList() rejects labels that are not classes", () => {
  for (const label of ["3", "-1", "0.5", "nv", ""]) {
    assertRejected(
      `image_id,label\nx,0\ny,${label}\n`,
      `Cannot use list.csv line 3: its label is "${label}"; write a whole number from 0 to 2`,
    );
  }
});

Deno.test("parseSplitList() rejects a row without an identifier", () => {
  assertRejected(
    "image_id,label\n,1\n",
    "Cannot use list.csv line 2: it has no image_id; fill it in or remove the line",
  );
});

Deno.test("parseSplitList() rejects text that is not CSV", () => {
  const error = assertThrows(
    () => parse('image_id,label\n"x,1\n'),
    DataError,
    "Cannot parse list.csv",
  );
  assertEquals(error.message.endsWith("; save it as comma-separated values"), true);
});

Deno.test("parseSplitList() takes columns in any case, but none that is needed twice", () => {
  assertEquals(idsAndLabels("Label,IMAGE ID\n2,x.JPG\n"), [["x", 2]]);
  for (
    const header of ["image_id,label,label", "image_id,Label,label", "image_id,label,Image-ID"]
  ) {
    const error = assertThrows(() => parse(`${header}\nx,0,1\n`), DataError);
    assertMatch(
      error.message,
      /^Cannot use list.csv: it has 2 columns .*; remove or rename all but one$/,
    );
  }
  assertEquals(idsAndLabels("image_id,label,sex,sex\nx,1,m,f\n"), [["x", 1]]);
});

Deno.test("parseTable() finds the separator in the header, or in a line that names it", () => {
  const expected = [{ a: "1", "b,c;d": "", e: "2;3" }];
  for (
    const [delimiter, first] of [[";", ""], ["\t", ""], ["|", ""], [",", ""], [";", "sep=;\r\n"], [
      ":",
      "SEP=:\n",
    ]]
  ) {
    const line = (...cells: string[]) => cells.map((cell) => `"${cell}"`).join(delimiter);
    const text = `${first}${line("a", "b,c;d", "e")}\r\n${line("1", "", "2;3")}\r\n`;
    const { rows } = parseTable(text, "t.csv");
    assertEquals(rows.map(({ fields }) => ({ ...fields })), expected, delimiter);
    assertEquals(rows[0].source, `t.csv line ${first === "" ? 2 : 3}`);
  }
  assertEquals(parseTable("a\tb\n1\t\n", "t").rows[0].fields, { a: "1", b: "" });
});
