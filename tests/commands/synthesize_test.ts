// The command `data synthesize` as it is started: a folder that is the demo data.

import { join } from "@std/path";
import { demoPreset, trainFlags } from "../../src/commands/flags.ts";
import { loadDataset } from "../../src/commands/load_dataset.ts";
import { resolveOptions } from "../../src/commands/options.ts";
import { demoDataset } from "../../src/data/demo.ts";
import { readDatasetFolder } from "../../src/data/folder.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { runCli } from "./run_cli.ts";

const load = (...args: string[]) =>
  loadDataset(resolveOptions(args, trainFlags, demoPreset).options, () => {});

Deno.test("data synthesize writes a folder that trains as the demo data do, to the byte", async () => {
  using folder = new TemporaryFolder();
  const { code, out, err } = await runCli(folder.path, "data", "synthesize", "--out", "demo");
  assertEquals([code, err], [0, ""]);
  assertStringIncludes(out, "demo: 768 images of 32×32 pixels");
  assertEquals(await load("--no-cache", "--data", join(folder.path, "demo")), await load());

  const again = await runCli(folder.path, "data", "synthesize", "--out", "demo");
  assertEquals(again.code, 2);
  assertMatch(again.err, /^error: Cannot create folder "demo": it exists already/);
});

Deno.test("data synthesize takes sizes, clients and seed", async () => {
  using folder = new TemporaryFolder();
  const args =
    "--train-size 30 --valid-size 20 --test-size 21 --clients B,D --image-size 64 --seed 9";
  const { code } = await runCli(folder.path, "data", "synthesize", ...args.split(" "));
  assertEquals(code, 0);
  const read = await readDatasetFolder(join(folder.path, "demo_data"), { imageSize: 64 });
  const sizes = { trainSize: 30, validSize: 20, testSize: 21 };
  const clients = ["B", "D"];
  assertEquals(read, await demoDataset({ seed: 9, imageSize: 64, ...sizes, clients }));
});
