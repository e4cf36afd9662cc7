// Reading run folders back: what is tolerated, and what is refused in which words.

import { join } from "@std/path";
import { readRuns } from "../../src/report/reading/labelled_runs.ts";
import { readRun } from "../../src/report/reading/recorded_run.ts";
import type { RecordedRow } from "../../src/report/reading/recorded_rows.ts";
import { RunFolderError } from "../../src/report/run_folder_error.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import {
  addPredictions,
  addSpectra,
  type MadeUpFolder,
  madeUpRows,
  writeMadeUpFolder,
} from "./made_up_folder.ts";

/** A run folder that is removed at the end of the test. */
async function madeUp(made: MadeUpFolder = {}): Promise<TemporaryFolder> {
  const folder = new TemporaryFolder();
  await writeMadeUpFolder(folder.path, made);
  return folder;
}

/** Puts other text into a run's metrics and expects that reading fails. */
async function expectRefusal(change: (text: string) => string, message: string): Promise<void> {
  using folder = await madeUp();
  const path = join(folder.path, "metrics.jsonl");
  await Deno.writeTextFile(path, change(await Deno.readTextFile(path)));
  await assertRejects(() => readRun(folder.path), RunFolderError, message);
}

Deno.test("readRun() reads settings, history and end of a run", async () => {
  using folder = await madeUp({ rounds: 3, localEpochs: 2 });
  const run = await readRun(folder.path);
  assertEquals(run.settings.method, "prrfl");
  assertEquals([run.run.personalRole, run.run.sharedRole], ["personal", "deputy"]);
  const types = run.rows.map(({ type }) => type);
  assertEquals(types.filter((type) => type === "epoch").length, 6);
  assertEquals(types.filter((type) => type === "aggregation").length, 3);
  assertEquals([run.finished, run.notices], [true, []]);
  assertEquals([run.predictions, run.spectra], [null, null]);
});

Deno.test("readRun() takes the roles that the run row names", async () => {
  const [run, ...rest] = madeUpRows();
  const named = { ...run, personalRole: "deputy", sharedRole: "personal" };
  using folder = await madeUp({ rows: [named, ...rest] });
  const { run: read } = await readRun(folder.path);
  assertEquals([read.personalRole, read.sharedRole], ["deputy", "personal"]);
});

Deno.test("readRun() reads an interrupted run, and leaves out a row that is cut off", async () => {
  using folder = await madeUp();
  const path = join(folder.path, "metrics.jsonl");
  const lines = (await Deno.readTextFile(path)).split("\n");
  const end = lines.findIndex((line) => line.includes('"aggregation"')) + 1;
  const whole = lines.slice(0, end).join("\n");
  await Deno.writeTextFile(path, `${whole}\n`);
  const { rows, finished, notices } = await readRun(folder.path);
  assertEquals([finished, notices.length], [false, 1]);
  assert(notices[0].endsWith("is not finished: 1 of 3 communications."), notices[0]);

  await Deno.writeTextFile(path, `${whole}\n${lines[end].slice(0, 40)}`);
  const cut = await readRun(folder.path);
  assertEquals(cut.rows, rows);
  assert(cut.notices[0].endsWith("its last row is cut off and left out."), cut.notices[0]);
});

Deno.test("readRun() reads numbers that are not finite", async () => {
  const rows = madeUpRows({ clients: ["A"] });
  const text = JSON.stringify(rows).replace(/("loss":)[\d.]+/, '$1"NaN"');
  using folder = await madeUp({ rows: JSON.parse(text) });
  const epoch = (await readRun(folder.path)).rows.find(({ type }) => type === "epoch")!;
  assert(epoch.type === "epoch" && Number.isNaN(epoch.clients[0].train!.personal.loss));
});

Deno.test("readRun() skips rows that it does not know", async () => {
  const rows = madeUpRows();
  using plain = await madeUp({ rows });
  using more = await madeUp({ rows: rows.flatMap((row) => [row, { type: "weather" }]) });
  assertEquals((await readRun(more.path)).rows, (await readRun(plain.path)).rows);
});

Deno.test("readRun() refuses rows that no run has written", async () => {
  await expectRefusal((text) => text.replace("\n", "\n{\n"), "line 2 is not a row of JSON");
  await expectRefusal((text) => text.slice(text.indexOf("\n") + 1), 'before the row of type "run"');
  await expectRefusal(() => "", 'does not begin with a row of type "run"');
  await expectRefusal((text) => text.replace('"rounds":3', '"rounds":-3'), "rounds is no whole");
  await expectRefusal((text) => text.replace(/"f1":[\d.]+/, '"f1":"high"'), "f1 is no number");
  await expectRefusal((text) => text.replace(/,"auc":[\d.]+/, ""), "auc is no number");
  await expectRefusal(
    (text) => text.replaceAll('"client":"B"', '"client":"X"'),
    'client "X" comes where B is expected',
  );
  await expectRefusal((text) => text.replaceAll('"stage":2', '"stage":7'), "stage 7 of client");
});

Deno.test("readRun() reads which clients were put back", async () => {
  const [run, ...rows] = madeUpRows();
  const divergence = { type: "divergence", round: 0, epoch: 1, client: "B", role: "deputy" };
  using folder = await madeUp({ rows: [run, divergence, ...rows] });
  assertEquals((await readRun(folder.path)).rows.filter(({ type }) => type === "divergence"), [
    divergence as unknown as RecordedRow,
  ]);
  using damaged = await madeUp({ rows: [run, { ...divergence, client: 2 }, ...rows] });
  await assertRejects(() => readRun(damaged.path), RunFolderError, "client is no text");
});

Deno.test("readRun() reads what older runs did not tell, and refuses it damaged", async () => {
  const [run, ...rows] = madeUpRows();
  const told = { fingerprint: "0123456789abcdef", shares: { conv: "averaged", norm: null } };
  using folder = await madeUp({ rows: [{ ...run, ...told }, ...rows] });
  const read = (await readRun(folder.path)).run;
  assertEquals([read.fingerprint, read.shares], [told.fingerprint, told.shares] as unknown);
  for (const [name, value] of [["fingerprint", 7], ["shares", { conv: 7 }], ["shares", 7]]) {
    using damaged = await madeUp({ rows: [{ ...run, [name as string]: value }, ...rows] });
    await assertRejects(() => readRun(damaged.path), RunFolderError, "line 1: ");
  }
});

Deno.test("readRun() says which file is missing or strange", async () => {
  using folder = await madeUp();
  await Deno.writeTextFile(join(folder.path, "config.json"), "{}");
  await assertRejects(() => readRun(folder.path), RunFolderError, "config.json: it is not the");
  await Deno.remove(join(folder.path, "config.json"));
  await assertRejects(() => readRun(folder.path), RunFolderError, "it does not exist");
});

Deno.test("readRun() reads predictions and spectra", async () => {
  using folder = await madeUp();
  await addPredictions(folder.path);
  await addSpectra(folder.path, { rows: 4, cols: 5 });
  const { predictions, spectra } = await readRun(folder.path);
  assertEquals(predictions!.classNames, ["nv", "bkl", "mel"]);
  assertEquals(predictions!.clients.map(({ client }) => client), ["A", "B", "C", "D"]);
  assertEquals([...predictions!.clients[0].labels], [0, 1, 2, 2, 1, 0, 2]);
  assertEquals(predictions!.clients[0].probabilities.deputy.length, 21);
  assertEquals([spectra!.layer, spectra!.rate, spectra!.round], ["layer1.0.conv.weight", 0.5, 2]);
  const { rows, cols, values } = spectra!.clients[3].after;
  assertEquals([rows, cols, values.length], [4, 5, 20]);
});

Deno.test("readRun() refuses predictions and spectra of another run", async () => {
  using folder = await madeUp();
  await addPredictions(folder.path, ["A", "B", "C"]);
  await assertRejects(() => readRun(folder.path), RunFolderError, "it has no tensor D.labels");
  await addPredictions(folder.path);
  await addSpectra(folder.path, { clients: ["A"] });
  await assertRejects(() => readRun(folder.path), RunFolderError, "it has no tensor B.before");
  await Deno.writeTextFile(join(folder.path, "spectrum.safetensors"), "nothing");
  await assertRejects(() => readRun(folder.path), RunFolderError, "spectrum.safetensors: Cannot");
});

Deno.test("readRuns() finds runs up to two folders down, once each", async () => {
  using folder = new TemporaryFolder();
  const at = (...names: string[]) => join(folder.path, ...names);
  await writeMadeUpFolder(at("fedavg-seed1", "run"), { settings: { method: "fedavg" } });
  await writeMadeUpFolder(at("prrfl-seed2", "run"), { settings: { seed: 2 } });
  await writeMadeUpFolder(at("prrfl-seed1", "run"));
  await Deno.mkdir(at("empty"));
  const runs = await readRuns([folder.path, at("prrfl-seed1")]);
  assertEquals(runs.map(({ label }) => label), [
    "FedAvg, seed 1",
    "PRR-FL, seed 1",
    "PRR-FL, seed 2",
  ]);
  await assertRejects(() => readRuns([at("empty")]), RunFolderError, "holds metrics.jsonl");
  await assertRejects(() => readRuns([at("nowhere")]), RunFolderError, "there is no such folder");
});

Deno.test("readRuns() refuses to compare runs of different clients", async () => {
  using folder = new TemporaryFolder();
  await writeMadeUpFolder(join(folder.path, "one"));
  await writeMadeUpFolder(join(folder.path, "two"), { clients: ["A", "B"] });
  await assertRejects(() => readRuns([folder.path]), RunFolderError, "has A, B, C, D but");
});
