// What a comparison leaves in its folder, and that nothing of before stays.

import { join } from "@std/path";
import { writeComparison } from "../../src/report/page/comparison_files.ts";
import { readRuns } from "../../src/report/reading/labelled_runs.ts";
import { assert, assertEquals } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { writeMadeUpFolder } from "./made_up_folder.ts";

Deno.test("a comparison leaves no picture of runs that it no longer has, and of nobody else's", async () => {
  using folder = new TemporaryFolder();
  const size = { rounds: 1, localEpochs: 1, clients: ["A"] };
  for (const method of ["prrfl", "fedavg", "fedbn"]) {
    const settings = { method, seed: 1 };
    await writeMadeUpFolder(join(folder.path, method), { ...size, settings });
  }
  const written = async (...methods: string[]) => {
    const runs = await readRuns(methods.map((method) => join(folder.path, method)));
    await writeComparison(runs, folder.path);
    const names = await Array.fromAsync(Deno.readDir(folder.path), ({ name }) => name);
    return names.filter((name) => /\.(png|svg)$/.test(name)).sort();
  };
  const first = await written("prrfl", "fedavg");
  assert(first.includes("stage-timeline-fedavg-seed-1.png"), first.join(" "));
  const own = ["confused.png", "retrogressions.svg", "my-roc.png"];
  for (const name of own) folder.write(name, "");
  const second = await written("prrfl", "fedbn");
  assertEquals(second.filter((name) => name.includes("fedavg")), []);
  const renamed = first.map((name) => name.replace("fedavg", "fedbn"));
  assertEquals(second, [...renamed, ...own].sort());
  // One run alone has names without its label.
  const third = await written("prrfl");
  assertEquals(third.filter((name) => name.includes("seed-1")), []);
});
