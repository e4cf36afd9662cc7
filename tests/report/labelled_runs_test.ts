// Which runs are repetitions of each other, which are not, and in which order they stand.

import { join } from "@std/path";
import type { RunEvent } from "../../src/federated/events.ts";
import { readRuns } from "../../src/report/reading/labelled_runs.ts";
import { byMethod, labelled } from "../../src/report/reading/method_runs.ts";
import { readRun, type RecordedRun } from "../../src/report/reading/recorded_run.ts";
import { assertEquals, assertMatch } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { type MadeUpFolder, madeUpRows, writeMadeUpFolder } from "./made_up_folder.ts";

async function madeUp(made: MadeUpFolder = {}): Promise<RecordedRun> {
  using folder = new TemporaryFolder();
  await writeMadeUpFolder(folder.path, made);
  return await readRun(folder.path);
}

/** A run whose first row tells something else. */
async function withRun(change: Partial<RunEvent>, seed = 1, settings = {}): Promise<RecordedRun> {
  const run = await madeUp({ settings: { seed, ...settings } });
  return { ...run, run: { ...run.run, ...change } };
}

/** The same clients with so many test images less. */
async function withTest(...less: number[]): Promise<RecordedRun> {
  const { run: { clients } } = await madeUp();
  return await withRun({
    clients: clients.map((client, k) => ({ ...client, test: client.test - (less[k] ?? 0) })),
  }, 2);
}

const labelsOf = (runs: readonly RecordedRun[]) => labelled(runs).map(({ label }) => label);

Deno.test("labelled() tells runs of one method apart by theme", async () => {
  const one = await madeUp();
  const two = await madeUp({ settings: { theme: "no-window" } });
  assertEquals(labelsOf([one, two]), ["PRR-FL (prrfl), seed 1", "PRR-FL (no-window), seed 1"]);
});

Deno.test("labelled() does not take runs of different settings for seeds of one method", async () => {
  const made = [{ lr: 0.1, seed: 1 }, { lr: 0.1, seed: 2 }, { lr: 1e-4, seed: 3 }];
  const runs = await Promise.all(made.map((settings) => madeUp({ settings })));
  const methods = labelled(runs).map(({ method }) => method);
  assertEquals(methods, ["PRR-FL (lr 0.1)", "PRR-FL (lr 0.1)", "PRR-FL (lr 1e-4)"]);
  // What the numbers do not depend on tells nothing apart.
  const indecisive = runs.map((run) => ({ ...run, decisive: ["method", "seed"] }));
  assertEquals(byMethod(labelled(indecisive)).map(({ method }) => method), ["PRR-FL"]);
});

Deno.test("labelled() does not take an unfinished run for a seed of finished ones", async () => {
  const rows = madeUpRows().filter(({ type, round }) => type === "run" || round === 0);
  const runs = [await madeUp({ settings: { seed: 2 }, rows }), await madeUp()];
  assertEquals(labelsOf(runs), ["PRR-FL (1 of 3 communications), seed 2", "PRR-FL, seed 1"]);
});

Deno.test("labelled() does not average over classes, split sizes or images that differ", async () => {
  const run = await madeUp();
  assertEquals(labelsOf([run, await withRun({ classNames: ["nv", "mel", "bkl"] }, 2)]), [
    "PRR-FL (classes nv, bkl, mel), seed 1",
    "PRR-FL (classes nv, mel, bkl), seed 2",
  ]);
  assertEquals(labelsOf([run, await withTest(1)]), [
    "PRR-FL (images 5036/1040/2104), seed 1",
    "PRR-FL (images 5036/1040/2103), seed 2",
  ]);
  // The same total, divided otherwise.
  assertMatch(labelsOf([run, await withTest(1, -1)])[1], /images A \d+\/260\/525, B .*527, C/);
  const [one, two] = ["0123456789abcdef", "fedcba9876543210"];
  const prints = [
    await withRun({ fingerprint: one }),
    await withRun({ fingerprint: two }, 2),
    await withRun({ fingerprint: one }, 3),
  ];
  assertEquals(labelsOf(prints), [
    "PRR-FL (fingerprint 01234567), seed 1",
    "PRR-FL (fingerprint fedcba98), seed 2",
    "PRR-FL (fingerprint 01234567), seed 3",
  ]);
  assertEquals(byMethod(labelled(prints)).map(({ runs }) => runs.length), [2, 1]);
  // Nobody knows whether an older run had the same images.
  assertEquals(labelsOf([run, prints[1]]), [
    "PRR-FL (fingerprint not recorded), seed 1",
    "PRR-FL (fingerprint fedcba98), seed 2",
  ]);
});

Deno.test("labelled() names data by their paths where those differ, and averages over paths of the same data", async () => {
  const at = (seed: number, data: string, fingerprint?: string) =>
    withRun({ fingerprint }, seed, { data });
  const named = labelsOf([await at(1, "here"), await at(2, "there")]);
  assertEquals(named, ["PRR-FL (data here), seed 1", "PRR-FL (data there), seed 2"]);
  const moved = labelsOf([await at(1, "here", "0123"), await at(2, "there", "0123")]);
  assertEquals(moved, ["PRR-FL, seed 1", "PRR-FL, seed 2"]);
});

Deno.test("labelled() counts equal seeds once, and says so", async () => {
  const run = { ...await madeUp(), folder: "x/run" };
  const copy = { ...run, folder: "x/copy" };
  const [kept, ...others] = labelled([run, copy, await madeUp({ settings: { seed: 2 } })]);
  assertEquals([kept.label, ...others.map(({ label }) => label)], [
    "PRR-FL, seed 1",
    "PRR-FL, seed 2",
  ]);
  assertEquals(kept.notices, [
    "Run copy repeats run run (PRR-FL, seed 1) and is left out: equal seeds count once.",
  ]);
  const shorter = { ...copy, rows: copy.rows.toReversed() };
  assertMatch(labelled([run, shorter])[0].notices[0], /left out, although its results differ:/);
  const elsewhere = { ...run, folder: "y/run" };
  assertMatch(labelled([run, elsewhere])[0].notices[0], /^Run y\/run repeats run x\/run \(/);
});

Deno.test("labelled() numbers runs whose seed nobody knows", async () => {
  const run = await madeUp({ settings: { seed: null } });
  assertEquals(labelsOf([run, run]), ["PRR-FL", "PRR-FL (2)"]);
});

Deno.test("runs stand in the order in which they were asked for, and seeds by their number", async () => {
  using folder = new TemporaryFolder();
  for (const [method, seed] of [["fedavg", 2], ["fedavg", 10], ["local", 2], ["prrfl", 2]]) {
    const path = join(folder.path, `${method}-seed${seed}`);
    await writeMadeUpFolder(path, { settings: { method, seed } });
  }
  const labels = async () => (await readRuns([folder.path])).map(({ label }) => label);
  assertEquals(await labels(), [
    ...["FedAvg, seed 2", "FedAvg, seed 10", "Local, seed 2", "PRR-FL, seed 2"],
  ]);
  const runs = ["prrfl-seed2", "local-seed2", "fedavg-seed2"]; // and nothing of seed 10
  folder.write("compare.json", JSON.stringify({ command: "compare", arguments: [], runs }));
  assertEquals(await labels(), [
    ...["PRR-FL, seed 2", "Local, seed 2", "FedAvg, seed 2", "FedAvg, seed 10"],
  ]);
  folder.write("compare.json", "{");
  assertEquals((await labels()).length, 4);
});
