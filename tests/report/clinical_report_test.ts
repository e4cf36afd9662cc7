// Clinical metrics as a table and as JSON, from made-up predictions.

import {
  clinicalJson,
  clinicalText,
  type JudgedImages,
} from "../../src/report/terminal/clinical_report.ts";
import { plainStyle } from "../../src/report/terminal/style.ts";
import { assertEquals, assertNotEquals, assertStringIncludes } from "../assert.ts";

const judged: JudgedImages = {
  ...{ label: "A personal", path: "a.safetensors", client: "A", role: "personal", round: 4 },
  ...{ data: "A", split: "test", classNames: ["nv", "bkl", "mel"] },
  labels: Int32Array.of(0, 0, 0, 0, 1, 1),
  probabilities: new Float32Array([
    ...[0.75, 0.25, 0],
    ...[0.75, 0.25, 0],
    ...[0.5, 0.25, 0.25],
    ...[0.25, 0.75, 0],
    ...[0, 1, 0],
    ...[0.5, 0.25, 0.25],
  ]),
};

Deno.test("clinicalText() aligns a row for each class, and says how many a mean is over", () => {
  const text = clinicalText([judged], plainStyle);
  const [head, table] = text.split("\n\n");
  assertStringIncludes(head, "rates in %");
  const lines = table.trimEnd().split("\n");
  assertEquals(lines[0], "A personal on A, test split, 6 images");
  assertEquals(lines.slice(1, 6).map((line) => line.split(/ {2,}/).slice(1, 5)), [
    ["class", "images", "sens.", "spec."],
    ["nv", "4", "75.0", "50.0"],
    ["bkl", "2", "50.0", "75.0"],
    ["mel", "0", "n/a", "100.0"],
    ["mean", "62.5 (2 of 3)", "75.0", "62.5 (2 of 3)"],
  ]);
  assertEquals(new Set(lines.slice(1, 6).map((line) => line.length)).size, 1);
  assertStringIncludes(table, "accuracy 66.7, balanced accuracy 62.5, macro F1 62.5 [");
  assertStringIncludes(table, "MCC 0.250, kappa 0.250");
});

Deno.test("clinicalJson() gives every number as it is", () => {
  const [row] = clinicalJson([judged]) as {
    readonly [key: string]: unknown;
    readonly intervals: { readonly f1: { readonly value: number; readonly draws: number } };
    readonly overall: { readonly reliability: readonly unknown[] };
  }[];
  assertEquals([row.type, row.checkpoint, row.images], ["clinical", "a.safetensors", 6]);
  assertEquals(row.confusion, [[3, 1, 0], [1, 1, 0], [0, 0, 0]]);
  assertEquals([row.intervals.f1.value, row.intervals.f1.draws], [62.5, 2000]);
  assertEquals(row.overall.reliability.length, 15);
});

Deno.test("clinicalText() says n/a where there is one class alone, and prints no interval of that", () => {
  const one = { ...judged, labels: new Int32Array(6) };
  const text = clinicalText([one], plainStyle);
  assertStringIncludes(text, "AUC n/a, MCC 0.000, kappa 0.000");
});

Deno.test("intervals draw images of one lesion together", () => {
  const intervalOf = (one: JudgedImages) =>
    (clinicalJson([one])[0].intervals as { f1: { low: number; high: number; groups: number } }).f1;
  const grouped = { ...judged, groups: ["a", "a", "a", null, "b", "b"] };
  assertEquals([intervalOf(judged).groups, intervalOf(grouped).groups], [6, 3]);
  assertNotEquals(intervalOf(judged).low, intervalOf(grouped).low);
  assertStringIncludes(clinicalText([judged], plainStyle), "each image counting as independent");
  assertStringIncludes(
    clinicalText([grouped], plainStyle),
    "of one lesion or patient drawn together",
  );
});
