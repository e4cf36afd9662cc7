// Networks, methods and data sets of people's own, from files outside the repository, through the program itself.

import { join } from "@std/path";
import { compareFlagsFor } from "../../src/commands/own_modules.ts";
import { readSafetensors } from "../../src/io/safetensors.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { parseLines, runCli } from "./run_cli.ts";

const folder = new TemporaryFolder();
globalThis.addEventListener("unload", () => folder[Symbol.dispose]());
const { path: cwd } = folder;

const modules = {
  "tiny.ts": `
import { BatchNorm2d, Conv2d, GlobalAvgPool2d, Linear, type Network, Sequential } from "@prr-fl/webgpu";

const tiny: Network = (_gpu, { numClasses, width }) => {
  const channels = Math.round(8 * width);
  return new Sequential([
    new Conv2d("conv", 3, channels, { kernelSize: 3, stride: 2, padding: 1, bias: false }),
    new BatchNorm2d("norm", channels, { activation: "relu" }),
    new GlobalAvgPool2d(),
    new Sequential([new Linear("fc", channels, numClasses)], { part: "classifier" }),
  ]);
};
export default tiny;
`,
  "pulled.ts": `
import { averaged, crossEntropyLoss, defineMethod, scale, sub } from "@prr-fl/webgpu";

export default defineMethod({
  title: "Pulled",
  settings: { pull: { default: 0.5, source: "ours", min: 0, max: 2, help: "how strong the pull is" } },
  roles: ["local"],
  personalRole: "local",
  memory: { start: "training" },
  sharing: averaged("local", "norm", "statistics"),
  localLoss: crossEntropyLoss,
  beforeRound: ({ parameter }) => ({ start: parameter }),
  gradientTerm: ({ parameter, memory: { start } }, { pull }) => scale(sub(parameter, start), pull),
});
`,
  "stripes.ts": `
import type { Dataset, Split } from "@prr-fl/webgpu";

/** Images whose brightness is their class. */
function split(count: number, imageSize: number, light: number): Split {
  const labels = Int32Array.from({ length: count }, (_, image) => image % 2);
  const size = 3 * imageSize ** 2;
  const images = new Uint8Array(count * size);
  labels.forEach((label, image) => images.fill(60 + 100 * label + light, image * size, (image + 1) * size));
  return { ids: Array.from(labels, (_, image) => String(image)), images, labels };
}

export default ({ imageSize }: { imageSize: number }): Dataset => ({
  imageSize,
  classNames: ["dark", "bright"],
  clients: ["east", "west"].map((name, k) => ({
    name,
    train: split(8, imageSize, 9 * k),
    valid: split(4, imageSize, 9 * k),
    test: split(4, imageSize, 9 * k),
  })),
});
`,
  "near.ts": `
import { averaged, crossEntropyLoss, defineMethod } from "@prr-fl/webgpu";

export default defineMethod({
  settings: { pull: { default: 0.75, source: "ours", min: 0, max: 2, help: "another one" } },
  roles: ["local"],
  personalRole: "local",
  sharing: averaged("local"),
  localLoss: crossEntropyLoss,
});
`,
  "fedavg.ts": `
import { averaged, crossEntropyLoss, defineMethod } from "@prr-fl/webgpu";

export default defineMethod({
  roles: ["local"],
  personalRole: "local",
  sharing: averaged("local"),
  localLoss: crossEntropyLoss,
});
`,
  "ready.ts": `import make from "./stripes.ts"; export default make({ imageSize: 32 });`,
  "failing.ts": "export default () => { throw new Error('no such disk'); };",
  "nothing.ts": "export default () => 5;",
  "half.ts":
    "export default () => ({ imageSize: 32, classNames: ['a', 'b'], clients: [{ name: 'x' }] });",
  "named.ts": "export const network = 1;",
  "number.ts": "export default 1;",
  "broken.ts": "throw new Error('as it should');",
};
for (const [name, text] of Object.entries(modules)) Deno.writeTextFileSync(join(cwd, name), text);

const small = "--image-size 32 --iters 2 --wk_iters 1 --batch 4 --augment none".split(" ");

/** The only folder of a run below another one. */
function runIn(path: string): string {
  const [{ name }, ...others] = [...Deno.readDirSync(join(cwd, path))];
  assertEquals(others, []);
  return join(path, name);
}

const own = ["--network", "./tiny.ts", "--method", "./pulled.ts", "--data", "stripes.ts"];
const trained = await runCli(cwd, "train", ...own, ...small, "--pull", "0.25", "--save_path", "a");
assertEquals([trained.code, trained.err], [0, ""]);
const run = runIn("a");

Deno.test("train takes a network, a method with a setting, and data from modules outside", () => {
  assertMatch(run, /_pulled_/);
  const { settings } = JSON.parse(Deno.readTextFileSync(join(cwd, run, "config.json")));
  assertEquals(settings.pull, 0.25);
  assertEquals(settings.network, join(cwd, "tiny.ts"));
  const bytes = Deno.readFileSync(join(cwd, run, "final", "clientwest_local.safetensors"));
  const { tensors, metadata } = readSafetensors(bytes);
  assertEquals(tensors.get("conv.weight")!.shape, [8, 3, 3, 3]);
  assertEquals(tensors.get("fc.weight")!.shape, [2, 8]);
  assertEquals(metadata.classes, "dark,bright");
  assertStringIncludes(Deno.readTextFileSync(join(cwd, run, "log.txt")), "pull");
});

Deno.test("evaluate finds the network of a checkpoint in its module again", async () => {
  const { code, out, err } = await runCli(cwd, "evaluate", run, "--json", "--reason", "final");
  assertEquals([code, err], [0, ""]);
  const rows = parseLines(out).filter(({ type }) => type === "evaluation");
  const told = rows.filter(({ client, data }) => client === data);
  assertEquals(told.length, 2);
  for (const { metrics, reported } of told) assertEquals(metrics, reported);
});

Deno.test("--config repeats a run, and flags win over it", async () => {
  const config = join(run, "config.json");
  const again = await runCli(cwd, "train", "--config", config, "--save_path", "b");
  assertEquals([again.code, again.err], [0, ""]);
  const weights = (path: string) =>
    Deno.readFileSync(join(cwd, path, "final", "clienteast_local.safetensors"));
  const tensors = (path: string) => readSafetensors(weights(path)).tensors;
  assertEquals(tensors(runIn("b")), tensors(run));
  const other = await runCli(
    ...[cwd, "train", "--config", config, "--save_path", "c", "--pull=2"] as const,
  );
  assertEquals([other.code, other.err], [0, ""]);
  const { settings } = JSON.parse(Deno.readTextFileSync(join(cwd, runIn("c"), "config.json")));
  assertEquals([settings.pull, settings.batch], [2, 4]);
  Deno.writeTextFileSync(join(cwd, "typo.json"), '{ "learning_rat": 1 }');
  const { code, err } = await runCli(cwd, "train", "--config", "typo.json");
  assertEquals(code, 2);
  assertStringIncludes(err, 'there is no setting "learning_rat" (did you mean');
});

Deno.test("paths in a file of --config mean what they mean on the command line, wherever the file is", async () => {
  await Deno.mkdir(join(cwd, "settings"));
  Deno.writeTextFileSync(join(cwd, "settings", "away.json"), '{ "data": "nowhere" }');
  const { code, err } = await runCli(cwd, "train", "--config", join("settings", "away.json"));
  assertEquals(code, 2);
  assertStringIncludes(err, join(cwd, "nowhere"));
});

Deno.test("compare --grid runs every method with every value, and tells them apart", async () => {
  const methods = ["--methods", "fedavg,./pulled.ts", "--network", "./tiny.ts"];
  const grid = ["--grid", "lr=0.01,0.1;momentum=0,0.9"];
  const { code, err } = await runCli(
    ...[cwd, "compare", ...methods, ...grid, "--data", "stripes.ts", ...small] as const,
    ...["--save_path", "d"] as const,
  );
  assertEquals([code, err], [0, ""]);
  const comparison = runIn("d");
  const runs = [...Deno.readDirSync(join(cwd, comparison))].filter(({ isDirectory, name }) =>
    isDirectory && name.includes("seed")
  ).map(({ name }) => name).toSorted();
  assertEquals(runs.length, 8);
  assert(runs.includes("pulled-lr0.1-momentum0.9-seed1"), runs.join());
  const tables = Deno.readDirSync(join(cwd, comparison)).map(({ name }) => name)
    .filter((name) => name.endsWith(".md"))
    .map((name) => Deno.readTextFileSync(join(cwd, comparison, name))).toArray().join("\n");
  assertStringIncludes(tables, "Pulled (momentum 0.9, lr 0.1)"); // the title that the method says
  assertStringIncludes(tables, "FedAvg (momentum 0, lr 0.01)");
  const folder = join(cwd, comparison, "fedavg-lr0.1-momentum0-seed1");
  const { settings } = JSON.parse(Deno.readTextFileSync(join(folder, "config.json")));
  assertEquals([settings.lr, settings.momentum, settings.method], [0.1, 0, "fedavg"]);
});

const mistakes: readonly (readonly [args: string, message: RegExp])[] = [
  [
    "--network gone.ts",
    /^error: Cannot use --network \S*gone\.ts: it cannot be loaded \(.*gone\.ts/,
  ],
  ["--network broken.ts", /it cannot be loaded \(as it should\)/],
  [
    "--network named.ts",
    /it has no default export, expected a function .*; its exports are \[network\]/,
  ],
  [
    "--network number.ts",
    /its default export is number, expected a function \(gpu, options\) => Module/,
  ],
  [
    "--method number.ts",
    /^error: Cannot use --method \S*number\.ts: .*options are 1 but an object/,
  ],
  ["--method pulled.ts --pull 3", /^error: Cannot use 3 for --pull: expected a number from 0 to 2/],
  ["--method fedavg --pull 1", /^error: Unknown flag --pull/],
  [
    "--data failing.ts",
    /--data \S*failing\.ts: its function fails \(no such disk\)/,
  ],
  ["--data nothing.ts", /its function makes number, but has to make a Dataset/],
  [
    "--data half.ts",
    /its client x lacks train, or its ids; every client has train/,
  ],
  [
    "--data ready.ts --limit 2",
    /its default export is a data set as it is, so that --limit would change nothing/,
  ],
  ["--data stripes.ts --csv-folder lists", /: data of a module need no lists/],
  ["--data number.ts", /its default export is number, expected a Dataset, or a function/],
  ["--grid lr=1", /^error: Unknown flag --grid/],
];

Deno.test("what is no network, method or data set is refused in one sentence", async () => {
  for (const [args, message] of mistakes) {
    const { code, err } = await runCli(cwd, "train", ...args.split(" "), ...small);
    assertEquals(code, 2, `${args}: ${err}`);
    assertMatch(err, message, args);
    assertEquals(err.trim().split("\n").length, 1, err);
  }
  const grid = await runCli(cwd, "compare", "--grid", "data=a,b", "--data", "stripes.ts");
  assertMatch(
    grid.err,
    /^error: Cannot use --grid data=…: it is the same for all runs of a comparison/,
  );
});

const refusedComparisons: readonly (readonly [args: string, message: RegExp])[] = [
  ["--grid network=vgg_b,vgg_nb", /--grid network=…: it is the same for all runs of a comparison/],
  ["--grid init=a,b", /--grid init=…: it is the same for all runs of a comparison/],
  ["--grid lr=0.01,1e-2", /^error: Cannot use --grid lr=0.01,1e-2: lr 1e-2 is there twice/],
  ["--methods fedavg --grid l_rate=0.3,0.7", /--l_rate with fedavg: it would change nothing/],
  [
    "--methods fedavg,./fedavg.ts",
    /^error: Cannot compare fedavg and \S*fedavg\.ts: both would be stored as fedavg-seed1; give/,
  ],
  [
    "--methods ./pulled.ts,./near.ts",
    /its setting pull is described as .*0\.75.*, but that of \S*pulled\.ts as .*0\.5/,
  ],
  [
    "--methods fedavg,scaffold --grid momentum=0,0.9",
    /Cannot simulate scaffold with optimizer "sgd" and momentum 0\.9/,
  ],
];
for (const [args, message] of refusedComparisons) {
  Deno.test(`compare ${args} is refused before anything is trained`, async () => {
    const { code, err } = await runCli(
      ...[cwd, "compare", "--network", "./tiny.ts", "--data", "stripes.ts", ...small] as const,
      ...["--save_path", "refused", ...args.split(" ")] as const,
    );
    assertEquals(code, 2, err);
    assertMatch(err, message);
  });
}

Deno.test("a comparison goes on with an own setting in its grid, and without the file of its settings", async () => {
  const folder = "resumed";
  Deno.mkdirSync(join(cwd, "apart"), { recursive: true });
  Deno.writeTextFileSync(
    join(cwd, "settings.json"),
    JSON.stringify({ network: "./tiny.ts", data: "stripes.ts", save_path: folder, iters: 50 }),
  );
  const grid = ["--methods", "./pulled.ts", "--grid", "pull=0,1"];
  const begin = [...small.filter((word) => word !== "--iters" && word !== "2"), ...grid];
  const args = ["compare", "--config", "settings.json", ...begin, "--iters", "1"];
  const first = await runCli(cwd, ...args);
  assertEquals([first.code, first.err], [0, ""]);
  const comparison = runIn(folder);
  const path = join(cwd, comparison);
  Deno.removeSync(join(cwd, "settings.json"));
  Deno.removeSync(join(path, "pulled-pull1-seed1"), { recursive: true });
  const again = await runCli(join(cwd, "apart"), "compare", "--resume", path);
  assertEquals([again.code, again.err], [0, ""]);
  const { settings } = JSON.parse(
    Deno.readTextFileSync(join(path, "pulled-pull1-seed1", "config.json")),
  );
  assertEquals([settings.pull, settings.iters], [1, 1]);
});

Deno.test("demo --config takes the file's rounds, even where they are the default of train", async () => {
  const file = join(cwd, "rounds.json");
  Deno.writeTextFileSync(file, JSON.stringify({ iters: 50, l_rate: 0.7 }));
  const { words } = await compareFlagsFor(["--config", file, "--quiet"], { rounds: 6 });
  assertEquals(words, ["--iters=50", "--quiet"]);
});

Deno.test("a network of one's own takes images of any size, and the program's say what they need before reading", async () => {
  const settings = "--data stripes.ts --iters 1 --wk_iters 1 --batch 4 --image-size 40".split(" ");
  const own = await runCli(cwd, "train", "--network", "tiny.ts", ...settings, "--save_path", "s");
  assertEquals([own.code, own.err], [0, ""]);
  const vgg = await runCli(cwd, ..."train --data gone --image-size 40".split(" "));
  assertEquals(vgg.code, 2);
  assertMatch(
    vgg.err,
    /--image-size 40 with --network vgg_nb, .*: it has to be a multiple of 32, such as 32 or 64/,
  );
});

Deno.test("a run whose method and network have moved goes on where they are named anew", async () => {
  const pulled = modules["pulled.ts"];
  const failing = pulled.replace(
    "beforeRound: ({ parameter }) => (",
    "beforeRound: ({ parameter }) => calls++ >= 5 ? fail() : (",
  ) + `
let calls = 0; // the network has five parameters, so the second round fails
function fail(): never { throw new Error("the disk is full"); }
`;
  Deno.writeTextFileSync(join(cwd, "old_method.ts"), failing);
  Deno.writeTextFileSync(join(cwd, "old_network.ts"), modules["tiny.ts"]);
  const old = ["--method", "old_method.ts", "--network", "old_network.ts", "--pull", "0.25"];
  const begun = await runCli(
    ...[cwd, "train", ...old, "--data", "stripes.ts", ...small, "--save_path", "moved"] as const,
  );
  assertMatch(begun.err, /the disk is full/);
  const path = runIn("moved");
  for (const name of ["old_method.ts", "old_network.ts"]) Deno.removeSync(join(cwd, name));
  const lost = await runCli(cwd, "train", "--resume", path);
  assertEquals(lost.code, 2);
  assertMatch(lost.err, /Cannot use --method \S*old_method\.ts: it cannot be loaded/);
  const now = ["--method", "./pulled.ts", "--network", "./tiny.ts"];
  const other = await runCli(cwd, "train", "--resume", path, ...now.with(1, "./near.ts"));
  assertMatch(other.err, /Cannot resume/);
  const rest = await runCli(cwd, "train", "--resume", path, ...now);
  assertEquals([rest.code, rest.err], [0, ""]);
  const finals = (run: string) =>
    readSafetensors(Deno.readFileSync(join(cwd, run, "final", "clienteast_local.safetensors")));
  assertEquals(finals(path).tensors, finals(run).tensors);
});
