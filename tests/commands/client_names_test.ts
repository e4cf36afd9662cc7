// Clients whose names cannot be part of a file's name, told by the program before it trains, compares or goes on.

import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { join } from "@std/path";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { runCli, startCli } from "./run_cli.ts";

/** Data of clients A and B. */
async function writeData(cwd: string): Promise<void> {
  const { code } = await runCli(
    cwd,
    ..."data synthesize --clients A,B --train-size 20 --valid-size 20 --test-size 20".split(" "),
    ..."--image-size 32 --out data".split(" "),
  );
  assertEquals(code, 0);
}

/** Gives a client of the data another name. */
async function rename(cwd: string, client: string, name: string): Promise<void> {
  const lists = join(cwd, "data", "csv_folder", `client${client}`);
  for (const split of ["train", "valid", "test"]) {
    const [from, to] = [client, name].map((own) => join(lists, `${split}_client${own}.csv`));
    await Deno.rename(from, to);
  }
  for (const parent of ["csv_folder", "."]) {
    const [from, to] = [client, name].map((own) => join(cwd, "data", parent, `client${own}`));
    await Deno.rename(from, to);
  }
}

const settings =
  "--data data --image-size 32 --width 0.0625 --wk_iters 1 --batch 8 --limit 8 --save_path out";
const train = ["train", ...settings.split(" "), "--method", "local"];

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);

Deno.test("train and compare refuse names that no checkpoint can have, and leave nothing behind", async () => {
  using temporary = new TemporaryFolder();
  const { path: cwd } = temporary;
  await writeData(cwd);
  const long = "x".repeat(190);
  await rename(cwd, "A", long);
  // Checkpoints of "local" would do, those of "personal" models not: the comparison does not begin with the former.
  const compare = ["compare", ...settings.split(" "), "--methods", "local,prrfl", "--seeds", "1"];
  const { code, out, err } = await runCli(cwd, ...compare, "--iters", "1");
  assertEquals([code, out], [2, ""]);
  assertStringIncludes(err, `Cannot train client ${long}: its name has 190 bytes`);
  assertStringIncludes(err, "a name of at most 187 bytes in the data folder, or leave it out with");
  assertEquals(await exists(join(cwd, "out")), false);

  const short = "眼".repeat(64);
  await rename(cwd, long, short);
  const refused = await runCli(cwd, "train", ...settings.split(" "), "--iters", "1");
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.err, `Cannot train client ${short}: its name has 192 bytes`);
});

Deno.test({
  name: "train --resume refuses them too, and leaves the run as it is",
  ignore: Deno.build.os === "windows", // which has no such signals
  fn: async () => {
    using temporary = new TemporaryFolder();
    const { path: cwd } = temporary;
    await writeData(cwd);
    const process = startCli(cwd, [...train, "--iters", "3", "--json"]);
    for await (const line of createInterface({ input: Readable.fromWeb(process.stdout) })) {
      const { type, round } = JSON.parse(line);
      if (type === "aggregation" && round === 0) process.kill("SIGINT");
    }
    assertEquals((await process.status).code, 130);
    await process.stderr.cancel();
    const [{ name }] = [...Deno.readDirSync(join(cwd, "out"))];
    const run = join(cwd, "out", name);
    const before = await Deno.readTextFile(join(run, "log.txt"));

    await rename(cwd, "B", "x".repeat(200));
    const long = await runCli(cwd, "train", "--resume", run);
    assertEquals(long.code, 2);
    assertMatch(long.err, /^error: Cannot train client x+: its name has 200 bytes/m);
    assertEquals(await Deno.readTextFile(join(run, "log.txt")), before);

    await rename(cwd, "x".repeat(200), "B");
    const whole = await runCli(cwd, "train", "--resume", run);
    assertEquals([whole.code, whole.err], [0, ""]);
    assert(await exists(join(run, "final", "clientB_local.safetensors")));
  },
});

Deno.test({
  name: "train refuses two clients whose checkpoints some file system would take for one",
  ignore: Deno.build.os !== "linux", // elsewhere there are no two such folders
  fn: async () => {
    using temporary = new TemporaryFolder();
    const { path: cwd } = temporary;
    await writeData(cwd);
    await rename(cwd, "B", "a");
    const { code, err } = await runCli(cwd, ...train, "--iters", "1");
    assertEquals(code, 2);
    assertMatch(err, /^error: Cannot train client a beside A: .* rename one of the clients/m);
  },
});
