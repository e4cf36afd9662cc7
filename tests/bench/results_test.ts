// What docs/RESULTS.md is made of: runs kept without what no report shows, and tables between marks.

import { join } from "@std/path";
import { expectMarks, writeDocument } from "../../bench/results/document.ts";
import { comparisonsIn, keepRuns } from "../../bench/results/kept_runs.ts";
import { comparisonTables } from "../../src/report/page/comparison_files.ts";
import { readRuns } from "../../src/report/reading/labelled_runs.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { addPredictions, madeUpRows, writeMadeUpFolder } from "../report/made_up_folder.ts";

const methods = ["fedavg", "prrfl"];

/** Finished runs of two methods and two seeds, and one that is not. */
async function comparisonIn(path: string): Promise<void> {
  for (const method of ["prrfl", "fedavg"]) {
    for (const seed of [1, 2]) {
      const run = join(path, "seeds", "20260131_compare", `${method}-seed${seed}`);
      const settings = { method, seed, data: "/srv/images of Doe" };
      const rows = [...madeUpRows(), { type: "checkpoint", file: "best/clientA.safetensors" }];
      await writeMadeUpFolder(run, { settings, rows });
      await addPredictions(run);
    }
  }
  await Deno.writeTextFile(join(path, "seeds", "20260131_compare", "compare.json"), "{}");
  const rows = madeUpRows().filter(({ type }) => type !== "done");
  await writeMadeUpFolder(join(path, "seeds", "20260131_compare", "local-seed1"), {
    rows,
    settings: { seed: 9, data: "/srv/images of Doe" },
  });
}

Deno.test("runs are kept once, with all that a report shows and without the machine's folders", async () => {
  using folder = new TemporaryFolder();
  const [work, kept] = ["work", "kept"].map((name) => join(folder.path, name));
  assertEquals(await comparisonsIn(work), []); // nothing was trained
  assertEquals(await keepRuns([], kept, methods), 0);
  await comparisonIn(work);
  const comparison = join(work, "seeds", "20260131_compare");
  assertEquals(await comparisonsIn(work), [{ name: "seeds", folder: comparison }]);
  assertEquals(await keepRuns([comparison], kept, methods), 4);
  assertEquals(await keepRuns([comparison], kept, methods), 0);
  await Deno.remove(join(kept, "prrfl-seed2", "metrics.jsonl")); // as if the copy had been stopped
  assertEquals(await keepRuns([comparison], kept, methods), 1);
  const runs = await readRuns([kept]);
  assertEquals(runs.map(({ label }) => label), [
    ...["FedAvg, seed 1", "FedAvg, seed 2", "PRR-FL, seed 1", "PRR-FL, seed 2"],
  ]);
  const originals = (await readRuns([comparison])).filter(({ finished }) => finished);
  const inOrder = runs.map(({ label }) => originals.find((run) => run.label === label)!);
  assertEquals(comparisonTables(runs), comparisonTables(inOrder));
  for (const { folder } of runs) {
    const config = await Deno.readTextFile(join(folder, "config.json"));
    assertEquals(JSON.parse(config).settings.data, "images of Doe");
    const rows = await Deno.readTextFile(join(folder, "metrics.jsonl"));
    assert(!/batchLosses|checkpoint/.test(rows) && rows.includes('"loss"'));
  }
});

Deno.test("the document's tables and pictures are written anew, and its words stay", async () => {
  using folder = new TemporaryFolder();
  const [work, kept, docs] = ["work", "kept", "docs"].map((name) => join(folder.path, name));
  await comparisonIn(work);
  await keepRuns((await comparisonsIn(work)).map(({ folder }) => folder), kept, methods);
  await Deno.mkdir(join(docs, "images"), { recursive: true });
  const document = join(docs, "RESULTS.md");
  const names = [
    "views",
    "clients",
    "intervals",
    "differences",
    "retrogress",
    "all methods",
    "sharing",
  ];
  const begun = names.map((name) =>
    `Words on ${name}.\n\n<!-- ${name} -->\n\nearlier ones\n\n<!-- end of ${name} -->\n`
  );
  await Deno.writeTextFile(document, begun.join("\n"));
  await writeDocument(kept, docs);
  const text = await Deno.readTextFile(document);
  assert(!text.includes("earlier ones"));
  for (const name of names) assertStringIncludes(text, `Words on ${name}.`);
  assertStringIncludes(text, "| PRR-FL (2 seeds) |");
  assertStringIncludes(text, "FedAvg − PRR-FL: ");
  await writeDocument(kept, docs);
  assertEquals(await Deno.readTextFile(document), text);
  const images = (await Array.fromAsync(Deno.readDir(join(docs, "images")))).map(({ name }) =>
    name
  );
  assertEquals(
    images.sort(),
    ["f1", "auc"].flatMap((metric) => [
      `dermoscopy-intervals-${metric}.png`,
      `dermoscopy-retrogress-${metric}.png`,
    ]).sort(),
  );
  await Deno.writeTextFile(document, "no marks");
  await assertRejects(() => writeDocument(kept, docs), Error, "no place between <!-- views -->");
});

Deno.test("docs/RESULTS.md has the marks", async () => {
  await expectMarks(new URL("../../docs", import.meta.url).pathname);
});
