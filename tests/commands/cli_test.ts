// The program as it is started: exit codes, what goes where, and that mistakes leave nothing behind.

import { assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { runCli } from "./run_cli.ts";

/** Runs the program in an empty folder; `written` is what it leaves there. */
async function runAlone(...args: string[]) {
  using temporary = new TemporaryFolder();
  const result = await runCli(temporary.path, ...args);
  const written = Array.from(Deno.readDirSync(temporary.path), ({ name }) => name);
  return { ...result, written };
}

const mistakes: [what: string, args: string[], message: string][] = [
  ["a bad value", ["train", "--lr", "abc"], "Cannot use abc for --lr: expected a number above 0"],
  ["a flag of no command", ["--lrr", "1"], "Unknown flag --lrr (did you mean --lr?)"],
  ["an unknown command", ["trian"], "Unknown command trian (did you mean train?)"],
  ["a missing data folder", ["train", "--data", "nowhere"], "Cannot read the data folder "],
  [
    "a missing file of weights",
    ["demo", "--init", "/nowhere"],
    "Cannot use /nowhere for --init: it does not exist",
  ],
  [
    "two formats for standard output",
    ["train", "--data", "demo", "--json", "--quiet"],
    "Cannot use --json with --quiet",
  ],
  [
    "a batch that cannot be normalized",
    ["demo", "--limit", "17", "--batch", "16"],
    "Cannot simulate: the last training batch of client A would hold a single image",
  ],
  [
    "a setting of another method",
    ["demo", "--methods", "fedavg", "--mu", "1"],
    "Cannot use --mu with fedavg: it would change nothing; methods that use it: fedprox",
  ],
  [
    "an aggregation's setting without aggregation",
    ["demo", "--methods", "local", "--client-weights", "samples"],
    "Cannot use --client-weights with local",
  ],
  [
    "a setting of PFA without PFA",
    ["demo", "--methods", "det", "--fourier-rate", "0.5"],
    "Cannot use --l_rate with det: it would change nothing; methods that use it: pfa, prrfl",
  ],
  ["a data command without an action", ["data"], "Cannot use data without an action: write data"],
  ["an unknown action", ["data", "inpect"], "Cannot use data inpect (did you mean inspect?)"],
  [
    "a contact sheet's flag without the sheet",
    ["data", "inspect", "--data", "demo", "--out", "x.png"],
    "Cannot use --out without --augment",
  ],
  [
    "a flag of training at data inspect",
    ["data", "inspect", "--lr", "1"],
    "Unknown flag --lr",
  ],
  [
    "a threshold in rounds that have nothing to decide",
    ["train", "--alpha1", "0.5", "--wk_iters", "1"],
    "Cannot use --alpha1 with prrfl: it would change nothing; " +
    "it takes more than 1 local epoch per round",
  ],
  [
    "no folder for the contact sheet",
    ["data", "inspect", "--data", "demo", "--augment", "--out", "nowhere/x.png"],
    'Cannot create file "nowhere/x.png": there is no folder "nowhere"',
  ],
  ["an unknown demo client", ["demo", "--clients", "E"], "Cannot use client E of the demo data"],
];

for (const [what, args, message] of mistakes) {
  Deno.test(`cli.ts says in one sentence that there is ${what}, and writes nothing`, async () => {
    const { code, out, err, written } = await runAlone(...args);
    assertStringIncludes(err, `error: ${message}`);
    assertEquals({ code, out, written, lines: err.trim().split("\n").length }, {
      code: 2,
      out: "",
      written: [],
      lines: 1,
    });
  });
}

Deno.test("cli.ts prints the overview without arguments, and a command's help wherever --help is", async () => {
  const none = await runAlone();
  const flag = await runAlone("train", "--lr", "abc", "--help");
  const command = await runAlone("help", "train");
  assertStringIncludes(none.out, "data prepare     make a folder");
  assertStringIncludes(flag.out, "--wk_iters, --local-epochs N");
  assertEquals([none.code, flag.code, flag.out], [0, 0, command.out]);
});

Deno.test("cli.ts --version names program and runtime", async () => {
  const { code, out } = await runAlone("--version");
  assertEquals(code, 0);
  assertMatch(out, /^prrfl-webgpu \d+\.\d+\.\d+, deno \d+\.\d+\.\d+\n$/);
});

Deno.test("cli.ts info names the adapter and its limits", async () => {
  const { code, out } = await runAlone("info");
  assertEquals(code, 0);
  assertMatch(out, /adapter +\S/);
  assertMatch(out, /maxStorageBufferBindingSize +[\d,]+/);
});
