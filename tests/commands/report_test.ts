// The command `report` as it is started: what it writes, and what it refuses.

import { fromFileUrl, join } from "@std/path";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { addPredictions, addSpectra, writeMadeUpFolder } from "../report/made_up_folder.ts";

const program = fromFileUrl(new URL("../../cli.ts", import.meta.url));
const config = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** Runs it with the permissions that deno.json grants. */
async function report(cwd: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "-P", `--config=${config}`],
      ...[program, "report", ...args],
    ],
    cwd,
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err };
}

const namesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("report writes a page and pictures of one run, once", async () => {
  using folder = new TemporaryFolder();
  await writeMadeUpFolder(join(folder.path, "run"));
  await addPredictions(join(folder.path, "run"));
  await addSpectra(join(folder.path, "run"));
  const first = await report(folder.path, "run");
  assertEquals([first.code, first.err], [0, ""]);
  assertEquals(first.out, "report.html: 1 run\nreport_figures: 10 pictures as PNG and SVG\n");
  assertEquals(namesIn(folder.path), ["report.html", "report_figures", "run"]);
  const pictures = [
    ...["confusion", "curve-Test-AUC-all-client", "curve-Test-F1-all-client"],
    ...["intervals-auc", "intervals-f1", "retrogress-auc", "retrogress-f1"],
    ...["roc", "spectrum", "stage-timeline"],
  ];
  assertEquals(
    namesIn(join(folder.path, "report_figures")),
    pictures.flatMap((name) => [`${name}.png`, `${name}.svg`]),
  );
  const page = await Deno.readTextFile(join(folder.path, "report.html"));
  assert(page.length < 3e6, `the page has ${page.length} characters`);
  assertStringIncludes(page, "Licensed to the Apache Software Foundation");
  assertStringIncludes(page, "Copyright 2017-2026 The Apache Software Foundation"); // its NOTICE

  const second = await report(folder.path, "run");
  assertEquals([second.code, second.out], [2, ""]);
  assertStringIncludes(second.err, 'error: Cannot create file "report.html": it exists already');
});

Deno.test("report compares the runs of several folders, finished or not", async () => {
  using folder = new TemporaryFolder();
  await writeMadeUpFolder(join(folder.path, "a", "prrfl-seed1", "run"));
  await writeMadeUpFolder(join(folder.path, "b"), { settings: { method: "fedavg" } });
  const metrics = join(folder.path, "b", "metrics.jsonl");
  await Deno.writeTextFile(metrics, (await Deno.readTextFile(metrics)).slice(0, -20));
  const { code, out, err } = await report(folder.path, "--out", "both.html", "a", "b");
  assertEquals(code, 0);
  assertStringIncludes(out, "both.html: 2 runs\nboth_figures: ");
  assertEquals(
    err,
    "note: Run b is not finished: 3 of 3 communications; its last row is cut off and left out.\n",
  );
  const page = await Deno.readTextFile(join(folder.path, "both.html"));
  assertStringIncludes(page, "<h1>PRR-FL and FedAvg compared</h1>");
  assertStringIncludes(page, "Run b is not finished");
});

const mistakes: [what: string, args: string[], message: string][] = [
  ["no folder", [], "Cannot report nothing: name the folder of a run"],
  ["a folder that is not there", ["nowhere"], "Cannot report nowhere: there is no such folder"],
  ["a folder without runs", ["."], "Cannot report .: neither it nor a folder in it holds"],
  ["a name that is no page's", [".", "--out", "x.pdf"], "Cannot use x.pdf for --out: expected"],
  ["no folder for the page", [".", "--out", "no/x.html"], 'Cannot create file "no/x.html"'],
  ["an unknown flag", [".", "--seed", "1"], "Unknown flag --seed"],
];

for (const [what, args, message] of mistakes) {
  Deno.test(`report says in one sentence that there is ${what}, and writes nothing`, async () => {
    using folder = new TemporaryFolder();
    const { code, out, err } = await report(folder.path, ...args);
    assertStringIncludes(err, `error: ${message}`);
    assertEquals([code, out, err.trim().split("\n").length], [2, "", 1]);
    assertEquals(namesIn(folder.path), []);
  });
}
