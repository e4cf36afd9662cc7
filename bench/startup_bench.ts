// How long it takes until something happens: the program's help, and the first training step.

import { fromFileUrl } from "@std/path";
import { assert, assertStringIncludes } from "../tests/assert.ts";
import { TemporaryFolder } from "../tests/data/tiny_folder.ts";
import { benchRuns, note } from "./throughput.ts";

const group = "start";
let shaders = new TemporaryFolder();
addEventListener("unload", () => shaders[Symbol.dispose]());

benchRuns("cli.ts --help", { group, runs: 1 }, async () => {
  assertStringIncludes(await run("cli.ts", ["--help"]), "train");
});

const firstStep =
  "first training step of vgg_nb, width 1, batch 16, 3×32×32, from the program's start";
benchRuns(`${firstStep}, no shader cached`, { group, runs: 1, samples: 1 }, async () => {
  shaders[Symbol.dispose]();
  shaders = new TemporaryFolder();
  await train("no shader cached");
});
benchRuns(
  `${firstStep}, shaders cached`, // those of before, or of the warm-up
  { group, runs: 1, samples: 3 },
  () => train("shaders cached"),
);

/** Runs the first step, which has to lose as much as guesses among three classes do. */
async function train(what: string): Promise<void> {
  const { pipelines, loss } = JSON.parse(await run("bench/first_step.ts", []));
  assert(Math.abs(loss - Math.log(3)) < 0.5, `The first step is wrong: its loss is ${loss}`);
  note(`creating its pipelines, ${what}`, { group }, pipelines * 1000);
}

/** What a program of this project writes, in a process of its own. */
async function run(path: string, args: readonly string[]): Promise<string> {
  const program = fromFileUrl(new URL(`../${path}`, import.meta.url));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-RWE", program, ...args],
    // where Mesa and NVIDIA keep compiled shaders
    env: { MESA_SHADER_CACHE_DIR: shaders.path, __GL_SHADER_DISK_CACHE_PATH: shaders.path },
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
