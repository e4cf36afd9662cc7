// Several methods and seeds compared by the program as it is started: what is written, and going on.

import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { join } from "@std/path";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { runCli, startCli } from "./run_cli.ts";

const size = "--limit 10 --batch 8 --width 0.0625 --iters 2 --wk_iters 1 --save_path out".split(
  " ",
);
const small = ["demo", ...size, "--methods", "fedavg,local", "--seeds", "5,6"];

Deno.test("a comparison writes tables, pictures, a page and a folder for each run", async () => {
  using temporary = new TemporaryFolder();
  const { code, out, err } = await runCli(temporary.path, ...small);
  assertEquals([code, err], [0, ""]);
  const folder = await onlyFolder(temporary.path);
  const names = await namesIn(folder);
  const expected = [
    ...["fedavg-seed5", "fedavg-seed6", "local-seed5", "local-seed6"],
    ...["compare.json", "results.md", "results.csv", "report.html"],
    ...["retrogress-f1.png", "retrogress-f1.svg", "retrogress-auc.png", "retrogress-auc.svg"],
  ];
  assertEquals(expected.filter((name) => !names.includes(name)), []);
  assertMatch(out, /1\/4 {2}fedavg {2}seed 5 {2}F1 \d+\.\d {2}AUC \d+\.\d/);
  assertStringIncludes(out, "FedAvg (2 seeds)");

  const { runs } = JSON.parse(await Deno.readTextFile(join(folder, "compare.json")));
  assertEquals(runs, ["fedavg-seed5", "local-seed5", "fedavg-seed6", "local-seed6"]);
  const markdown = await Deno.readTextFile(join(folder, "results.md"));
  const order = [...markdown.matchAll(/^\| (\S+) \(2 seeds\)/gm)].map(([, method]) => method);
  assertEquals(order.slice(0, 2), ["FedAvg", "Local"]); // as asked for

  const csv = await Deno.readTextFile(join(folder, "results.csv"));
  const [head, ...rows] = csv.trim().split("\n");
  const columns = head.split(",");
  const views = ["f1_before", "f1_after", "f1_chosen", "auc_before", "auc_after", "auc_chosen"];
  assertEquals(columns.slice(0, 10), ["method", "seed", "rounds", "client", ...views]);
  assertEquals(rows.length, 4 * 5); // four clients and their average
  const change = columns.indexOf("f1_change_per_communication");
  const changes = rows.map((row) => [row.split(",")[0], row.split(",")[change] === ""]);
  assertEquals(changes.filter(([method, isEmpty]) => (method === "local") !== isEmpty), []);

  // The same data, weights and batches: in the first epoch, alone or in a federation, all is the same.
  const [first, second] = await Promise.all(
    ["local-seed5", "fedavg-seed5"].map((name) => firstEpoch(join(folder, name))),
  );
  assertEquals(first, second);
});

Deno.test("a comparison goes on where it was stopped, and ends with the same results", async () => {
  using temporary = new TemporaryFolder();
  const [whole, stopped] = ["whole", "stopped"].map((name) => join(temporary.path, name));
  for (const folder of [whole, stopped]) await Deno.mkdir(folder);
  const plan = [...small.slice(0, -2), "--seeds", "5"];
  assertEquals((await runCli(whole, ...plan)).code, 0);

  const { code, err } = await stopInSecondRun(stopped, plan);
  assertEquals(code, 130);
  const folder = await onlyFolder(stopped);
  const relative = folder.slice(stopped.length + 1);
  assertStringIncludes(err, `to go on: compare --resume ${relative}`);
  const before = await Deno.readTextFile(join(folder, "fedavg-seed5", "metrics.jsonl"));

  const resumed = await runCli(stopped, "compare", "--resume", relative);
  assertEquals([resumed.code, resumed.err], [0, ""]);
  assertStringIncludes(resumed.out, "fedavg  seed 5  finished before");
  assertEquals(await Deno.readTextFile(join(folder, "fedavg-seed5", "metrics.jsonl")), before);
  const results = await Promise.all(
    [await onlyFolder(whole), folder].map((path) => Deno.readTextFile(join(path, "results.csv"))),
  );
  assertEquals(results[0], results[1]);
  const log = await Deno.readTextFile(join(folder, "local-seed5", "log.txt"));
  assertMatch(
    log,
    /^Resumed (before the first local epoch was over|after round \d\/2, epoch 1\/1)/m,
  );
});

Deno.test("a comparison goes on after a run that diverges, and says so at the end", async () => {
  using temporary = new TemporaryFolder();
  const methods = ["--methods", "fedprox,local", "--mu", "1e30"];
  const { code, out, err } = await runCli(temporary.path, "demo", ...size, ...methods);
  assertEquals(code, 2);
  assertMatch(
    out,
    /1\/2 {2}fedprox {2}seed 1 {2}failed: Training of client A's local model has diverged/,
  );
  assertMatch(out, /2\/2 {2}local {4}seed 1 {2}F1 \d/);
  assertMatch(err, /^error: 1 of 2 runs failed: fedprox with seed 1; the report has them as far/);
  const names = await namesIn(await onlyFolder(temporary.path));
  assert(names.includes("report.html"));
});

Deno.test("a comparison cannot go on with other settings, nor where there is none", async () => {
  using temporary = new TemporaryFolder();
  const other = await runCli(temporary.path, "compare", "--resume", "x", "--lr", "1");
  assertEquals(other.code, 2);
  assertStringIncludes(other.err, "Cannot use --lr with --resume");
  const none = await runCli(temporary.path, "compare", "--resume", "x");
  assertEquals(none.code, 2);
  assertStringIncludes(none.err, "Cannot resume x: there is no x/compare.json");
});

/** Sends SIGINT as soon as the second run has stored a state. */
async function stopInSecondRun(cwd: string, args: readonly string[]) {
  const process = startCli(cwd, args);
  const stderr = new Response(process.stderr).text();
  const lines = createInterface({ input: Readable.fromWeb(process.stdout) });
  for await (const line of lines) {
    if (!line.includes("1/2")) continue;
    const state = join(await onlyFolder(cwd), "local-seed5", "resume", "state.safetensors");
    await untilThere(state);
    process.kill("SIGINT");
  }
  return { code: (await process.status).code, err: await stderr };
}

async function untilThere(path: string): Promise<void> {
  while (await Deno.stat(path).then(() => false, () => true)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The only folder in `out`. */
async function onlyFolder(cwd: string): Promise<string> {
  const names = await namesIn(join(cwd, "out"));
  assertEquals(names.length, 1);
  return join(cwd, "out", names[0]);
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
}

/** What the first local epoch of a run came to. */
async function firstEpoch(folder: string): Promise<unknown> {
  const lines = (await Deno.readTextFile(join(folder, "metrics.jsonl"))).split("\n");
  const { time: _, ...row } = JSON.parse(lines.find((line) => line.includes('"type":"epoch"'))!);
  return row;
}
