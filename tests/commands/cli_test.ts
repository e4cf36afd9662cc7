// The program as it is started: exit codes, what goes where, and that mistakes leave nothing behind.

import { fromFileUrl } from "@std/path";
import { assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";

const program = fromFileUrl(new URL("../../cli.ts", import.meta.url));
const config = fromFileUrl(new URL("../../deno.json", import.meta.url));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** what was written into the folder in which the program ran */
  readonly written: readonly string[];
}

/** Runs the program in an empty folder, with the permissions that it has as a task. */
async function runCli(...args: string[]): Promise<Outcome> {
  const folder = await Deno.makeTempDir({ prefix: "prrfl-cli-" });
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "-RWE", `--config=${config}`, program, ...args],
      cwd: folder,
    }).output();
    const written = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    return { code, stdout: out, stderr: err, written };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const mistakes: [what: string, args: string[], message: string][] = [
  ["a bad value", ["train", "--lr", "abc"], "Cannot use abc for --lr: expected a number above 0"],
  ["a flag of no command", ["--lrr", "1"], "Unknown flag --lrr (did you mean --lr?)"],
  ["an unknown command", ["trian"], "Unknown command trian (did you mean train?)"],
  ["a missing data folder", ["train", "--data", "nowhere"], "Cannot read the data folder nowhere"],
  [
    "a missing file of weights",
    ["demo", "--init", "nowhere"],
    "Cannot use nowhere for --init: the file does not exist",
  ],
  [
    "two formats for standard output",
    ["demo", "--json", "--quiet"],
    "Cannot use --json with --quiet",
  ],
  [
    "a batch that cannot be normalized",
    ["demo", "--limit", "17", "--batch", "16"],
    "Cannot simulate: the last training batch of client A would hold a single image",
  ],
  [
    "a setting of another method",
    ["demo", "--method", "fedavg", "--mu", "1"],
    "Cannot use --mu with --method fedavg: it would change nothing; methods that use it: fedprox",
  ],
  [
    "an aggregation's setting without aggregation",
    ["demo", "--method", "local", "--client-weights", "samples"],
    "Cannot use --client-weights with --method local",
  ],
  [
    "a setting of PFA without PFA",
    ["demo", "--method", "det", "--fourier-rate", "0.5"],
    "Cannot use --l_rate with --method det: it would change nothing; methods that use it: pfa, prrfl",
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
    "no folder for the contact sheet",
    ["data", "inspect", "--data", "demo", "--augment", "--out", "nowhere/x.png"],
    'Cannot create file "nowhere/x.png": there is no folder "nowhere"',
  ],
  ["an unknown demo client", ["demo", "--clients", "E"], "Cannot use client E of the demo data"],
];

for (const [what, args, message] of mistakes) {
  Deno.test(`cli.ts says in one sentence that there is ${what}, and writes nothing`, async () => {
    const { code, stdout, stderr, written } = await runCli(...args);
    assertStringIncludes(stderr, `error: ${message}`);
    assertEquals({ code, stdout, written, lines: stderr.trim().split("\n").length }, {
      code: 2,
      stdout: "",
      written: [],
      lines: 1,
    });
  });
}

Deno.test("cli.ts prints the help without arguments and wherever --help is", async () => {
  const [none, flag] = [await runCli(), await runCli("train", "--lr", "abc", "--help")];
  assertStringIncludes(none.stdout, "--wk_iters, --local-epochs N");
  assertEquals([none.code, flag.code, flag.stdout], [0, 0, none.stdout]);
});

Deno.test("cli.ts --version names program and runtime", async () => {
  const { code, stdout } = await runCli("--version");
  assertEquals(code, 0);
  assertMatch(stdout, /^prrfl-webgpu \d+\.\d+\.\d+, deno \d+\.\d+\.\d+\n$/);
});

Deno.test("cli.ts info names the adapter and its limits", async () => {
  const { code, stdout } = await runCli("info");
  assertEquals(code, 0);
  assertMatch(stdout, /adapter +\S/);
  assertMatch(stdout, /maxStorageBufferBindingSize +[\d,]+/);
});
