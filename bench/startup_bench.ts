// How long it takes until something happens: the program's help, and the first training step.

import { fromFileUrl } from "@std/path";
import { assert, assertStringIncludes } from "../tests/assert.ts";
import { TemporaryFolder } from "../tests/data/tiny_folder.ts";
import { benchRuns, note } from "./throughput.ts";

const group = "first steps";
let shaders = new TemporaryFolder();
addEventListener("unload", () => shaders[Symbol.dispose]());

benchRuns("cli.ts --help", { group: "help", runs: 1 }, async () => {
  assertStringIncludes(await run("cli.ts", ["--help"]), "train");
});

const firstSteps = "start and two training steps of vgg_nb, width 1, batch 16, 3×32×32";
benchRuns(`${firstSteps}, no shader cached`, { group, runs: 1, samples: 1 }, async () => {
  shaders[Symbol.dispose]();
  shaders = new TemporaryFolder();
  await train("no shader cached");
});
benchRuns(
  `${firstSteps}, shaders cached`, // those of before, or of the warm-up
  { group, runs: 1, samples: 3 },
  () => train("shaders cached"),
);

/** Runs two steps; the first has to lose as much as guesses among three classes do. */
async function train(what: string): Promise<void> {
  const { compiling, loss } = JSON.parse(await run("bench/first_step.ts", []));
  assert(Math.abs(loss - Math.log(3)) < 0.5, `The first step is wrong: its loss is ${loss}`);
  note(`what the first step takes longer than the second, ${what}`, { group }, compiling * 1000);
}

/** What a program of this project writes, in a process of its own. */
async function run(path: string, args: readonly string[]): Promise<string> {
  const program = fromFileUrl(new URL(`../${path}`, import.meta.url));
  const { success, code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-RWE", program, ...args],
    // where Mesa and NVIDIA keep compiled shaders
    env: { MESA_SHADER_CACHE_DIR: shaders.path, __GL_SHADER_DISK_CACHE_PATH: shaders.path },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert(success, `${path} ended with code ${code}: ${text(stderr)}`);
  return text(stdout);
}
