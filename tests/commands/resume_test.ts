// The program killed at any moment and told to go on: its folder ends with the same bytes.

import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { join } from "@std/path";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { runCli, startCli } from "./run_cli.ts";
import { filesOf } from "./run_files.ts";

/** Adam remembers its steps, DET its stages, and who sits out a round moves in the stack. */
const run =
  ("train --data demo --image-size 32 --limit 10 --batch 4 --width 0.125 --seed 5 --save_path out " +
    "--iters 3 --wk_iters 2 --optim adam --lr 1e-3 --participation 0.5 --eval-every 2")
    .split(" ");

Deno.test("a run that is killed again and again ends with the bytes of one that is not", async () => {
  using temporary = new TemporaryFolder();
  const [whole, killed] = ["whole", "killed"].map((name) => join(temporary.path, name));
  for (const folder of [whole, killed]) await Deno.mkdir(folder);
  assertEquals((await runCli(whole, ...run)).code, 0);

  const moments = [await killSoon(killed, ...run, "--checkpoint-every", "epoch")];
  const path = (await onlyFolder(killed)).slice(killed.length + 1);
  for (const clients of ["1", "3"]) {
    moments.push(await killSoon(killed, "train", "--resume", path, "--parallel-clients", clients));
  }
  const where = `killed ${moments.join(", ")}`;
  const { code, err } = await runCli(killed, "train", "--resume", path, "--parallel-clients", "2");
  assertEquals([code, err], [0, ""], where);

  const expected = await filesOf(await onlyFolder(whole));
  const actual = await filesOf(join(killed, path));
  assertEquals([...actual.keys()], [...expected.keys()], where);
  for (const [name, content] of expected) {
    assertEquals(actual.get(name), content, `${where}: ${name}`);
  }

  const finished = await runCli(killed, "train", "--resume", path);
  assertEquals(finished.code, 2);
  assertStringIncludes(finished.err, `error: Cannot resume ${path}: the run is finished`);
});

/** Kills the program at a random moment in which it trains. @returns which, in words */
async function killSoon(cwd: string, ...args: string[]): Promise<string> {
  const process = startCli(cwd, [...args, "--json"]);
  const [rows, delay] = [4 + Math.floor(Math.random() * 7), Math.round(Math.random() * 200)];
  let seen = 0;
  for await (const _row of createInterface({ input: Readable.fromWeb(process.stdout) })) {
    if (++seen === rows) setTimeout(() => process.kill("SIGKILL"), delay);
  }
  const [{ signal }, err] = [await process.status, await new Response(process.stderr).text()];
  assertEquals([signal, err], ["SIGKILL", ""]);
  return `${delay} ms after row ${rows}`;
}

async function onlyFolder(cwd: string): Promise<string> {
  const [first, ...others] = await Array.fromAsync(Deno.readDir(join(cwd, "out")));
  assertEquals(others, []);
  return join(cwd, "out", first.name);
}
