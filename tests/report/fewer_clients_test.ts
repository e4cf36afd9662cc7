// A mean AUC over fewer clients than there are is marked wherever it is shown.

import { join } from "@std/path";
import { parse } from "csv-parse/sync";
import { writeComparison } from "../../src/report/page/comparison_files.ts";
import type { Communication } from "../../src/metrics/retrogress.ts";
import { readRuns } from "../../src/report/reading/labelled_runs.ts";
import { changedMembersText } from "../../src/report/page/retrogress_table.ts";
import { plainStyle } from "../../src/report/terminal/style.ts";
import { TextReport } from "../../src/report/terminal/text_report.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { writeMadeUpFolder } from "./made_up_folder.ts";
import { madeUpHeader, madeUpRun } from "./made_up_run.ts";

/** In its only epoch, client D's test images are all of one class. */
const size = { rounds: 1, localEpochs: 1 };

Deno.test("the terminal marks means over fewer clients, and only those", () => {
  const report = new TextReport(madeUpHeader("runs/one"), plainStyle);
  const text = [...madeUpRun(size)].map((event) => report.render(event, 1_000)).join("");
  const marked = text.split("\n").filter((line) => line.includes("(3 of 4)"));
  assertMatch(text, /^ *D +.* n\/a /m);
  assert(marked.some((line) => /^ *mean .*\d\.\d \(3 of 4\)/.test(line)), text);
  assert(
    marked.some((line) => /AUC \d+\.\d \(3 of 4\), accuracy .* after the last local/.test(line)),
  );
  assert(
    marked.some((line) => /AUC \d+\.\d \(3 of 4\), accuracy .* after the last comm/.test(line)),
  );
  assertMatch(text, /test of the deputy models: .*, AUC \d+\.\d → \d+\.\d \(−10\.0\) \(3 of 4\)$/m);
  assertMatch(text, /retrogress +F1 −10\.0, AUC −10\.0 \(3 of 4\) per communication/);
  const whole = [...madeUpRun({ ...size, clients: ["A", "B", "C"] })];
  const other = new TextReport(madeUpHeader("runs/one"), plainStyle);
  assertEquals(whole.map((event) => other.render(event, 1_000)).join("").includes(" of 3)"), false);
});

Deno.test("a comparison marks them in tables and page, and counts them in results.csv", async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, "prrfl");
  await writeMadeUpFolder(path, { ...size, settings: { method: "prrfl", seed: 1 } });
  const runs = await readRuns([path]);
  await writeComparison(runs, folder.path);
  const markdown = await Deno.readTextFile(join(folder.path, "results.md"));
  assertEquals([...markdown.matchAll(/\d+\.\d\** \(3 of 4\)/g)].length >= 6, true, markdown);
  const page = await Deno.readTextFile(join(folder.path, "report.html"));
  assertStringIncludes(page, "(3 of 4)");
  const captions = page.matchAll(/<figcaption[^>]*>[^<]*its means are over 3 of 4 clients/g);
  assertEquals([...captions].length, 2); // of both figures with curves
  assertMatch(markdown, /\| AUC \| −10\.0 \(3 of 4\) \|/);
  const csv = await Deno.readTextFile(join(folder.path, "results.csv"));
  const rows = parse(csv, { columns: true }) as Record<string, string>[];
  const counts = Object.fromEntries(rows.map((row) => [row.client, row.auc_clients_after]));
  assertEquals(counts, { A: "1", B: "1", C: "1", D: "0", average: "3" });
});

Deno.test("changes at communications of which some are over fewer clients say no more than that", () => {
  const change = (change: number | null) => ({ before: 1, after: 1, change, recovery: null });
  const communication = (...changes: (number | null)[]): Communication => ({
    round: 0,
    clients: changes.map((auc, k) => ({ client: `${k}`, f1: change(0), auc: change(auc) })),
    mean: { f1: change(0), auc: change(0) },
  });
  const [all, some, none] = [communication(0, 0), communication(0, null), communication(null)];
  assertEquals(changedMembersText([]), "");
  assertEquals(changedMembersText([all, all]), "");
  assertEquals(changedMembersText([some, some]), " (1 of 2)");
  assertEquals(changedMembersText([all, some]), " (of fewer clients at times)");
  assertEquals(changedMembersText([none]), ""); // shown as n/a
});
