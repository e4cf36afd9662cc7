// The command `evaluate` after a whole small run: its numbers are those of the run, and the rest of the matrix.

import { join } from "@std/path";
import { demoDataset } from "../../src/data/demo.ts";
import { evaluate } from "../../src/commands/evaluate.ts";
import { UsageError } from "../../src/commands/usage_error.ts";
import { ConfigError } from "../../src/federated/errors.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { rocAucOvr } from "../../src/metrics/classification.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "../assert.ts";
import { assertAllClose } from "../close.ts";
import { encodePng, TemporaryFolder } from "../data/tiny_folder.ts";
import { parseLines, runCli } from "./run_cli.ts";

const folder = new TemporaryFolder();
globalThis.addEventListener("unload", () => folder[Symbol.dispose]());
const { path: cwd } = folder;

const images = 11; // not a multiple of the batch
const smallRun =
  `train --data demo --image-size 32 --iters 2 --wk_iters 1 --limit ${images} --batch 8 --width 0.125 --seed 5`;
const trained = await runCli(cwd, ...smallRun.split(" "), "--save_path", "out");
assertEquals([trained.code, trained.err], [0, ""]);
const [{ name: runName }] = [...Deno.readDirSync(join(cwd, "out"))];
const run = join("out", runName);
const checkpointOf = (reason: string, client: string, role: string) =>
  join(run, reason, `client${client}_${role}.safetensors`);

/** Rows of type "checkpoint" of the run. */
// deno-lint-ignore no-explicit-any
const reported: any[] = parseLines(Deno.readTextFileSync(join(cwd, run, "metrics.jsonl")))
  .filter(({ type }) => type === "checkpoint");

for (const reason of ["best", "final"]) {
  Deno.test(`evaluate --reason ${reason} finds what the run reported, bit for bit`, async () => {
    const { code, out: stdout, err: stderr } = await runCli(
      ...[cwd, "evaluate", run, "--json", "--reason", reason] as const,
    );
    assertEquals([code, stderr], [0, ""]);
    const cells = parseLines(stdout).filter(({ type }) => type === "evaluation");
    assertEquals(cells.length, 8 * 4);
    const expected = reported.filter((row) => row.reason === reason);
    assertEquals(expected.length, 8);
    for (const { client, role, test, round, file } of expected) {
      const own = cells.find((cell) =>
        cell.client === client && cell.role === role && cell.data === client
      );
      assertEquals(own, {
        type: "evaluation",
        ...{ checkpoint: join(run, file), client, role, round, data: client },
        ...{ split: "test", images, metrics: test, reported: test },
      });
    }
  });
}

Deno.test("evaluate prints the matrix as tables and as CSV, with the means on and off its diagonal", async () => {
  const { code, out: stdout } = await runCli(cwd, "evaluate", "--csv", "matrix.csv", run);
  assertEquals(code, 0);
  const [header, ...rows] = Deno.readTextFileSync(join(cwd, "matrix.csv")).trim().split("\n")
    .map((line) => line.split(","));
  assertEquals(
    header,
    "model_client,role,round,data_client,split,images,f1,auc,accuracy,loss,checkpoint".split(","),
  );
  assertEquals(rows.length, 32);
  assert(new Set(rows.map((row) => row[9])).size === 32); // no two losses are the same
  const personal = rows.filter(([, role]) => role === "personal");
  const meanF1 = (list: string[][]) =>
    (list.reduce((sum, row) => sum + Number(row[6]), 0) / list.length).toFixed(1);
  const own = meanF1(personal.filter((row) => row[0] === row[3]));
  const others = meanF1(personal.filter((row) => row[0] !== row[3]));
  assertMatch(stdout, new RegExp(`F1 %[^%]*mean personal +${own} +${others}\n`));
  const first = personal.filter(([client]) => client === "A").map((row) =>
    Number(row[6]).toFixed(1)
  );
  assertMatch(
    stdout,
    new RegExp(`F1 %\n +model +A +B +C +D +own +others\n  A personal +${first.join(" +")} `),
  );
  assertStringIncludes(stdout, "vgg_nb of width 0.125 for 32×32 pixels, classes nv, bkl, mel");
  assertStringIncludes(stdout, "to the last digit: 8 models");

  const again = await runCli(cwd, "evaluate", run, "--csv", "matrix.csv");
  assertEquals([again.code, again.out], [2, ""]);
  assertStringIncludes(again.err, 'Cannot create file "matrix.csv": it exists already');
});

Deno.test("evaluate judges single files on the data, clients and split that flags name", async () => {
  const files = [checkpointOf("best", "B", "deputy"), checkpointOf("final", "A", "personal")];
  const flags = "--json --split valid --data demo --limit 7 --clients C,B".split(" ");
  const { code, out: stdout } = await runCli(cwd, "evaluate", ...files, ...flags);
  assertEquals(code, 0);
  const cells = parseLines(stdout).filter(({ type }) => type === "evaluation");
  assertEquals(
    cells.map(({ client, role, data, images, reported }) => [client, role, data, images, reported]),
    [
      ["B", "deputy", "B", 7, null],
      ["B", "deputy", "C", 7, null],
      ["A", "personal", "B", 7, null],
      ["A", "personal", "C", 7, null],
    ],
  );
});

Deno.test("evaluate --metrics prints clinical metrics of each model on its own client's images", async () => {
  const { code, out: stdout } = await runCli(cwd, "evaluate", run, "--metrics", "--json");
  assertEquals(code, 0);
  const rows = parseLines(stdout);
  const found = rows.filter(({ type }) => type === "clinical");
  assertEquals(found.length, 8);
  for (const { checkpoint, client, data, overall, intervals, classes, confusion } of found) {
    assertEquals(data, client);
    const { metrics } = rows.find((row) =>
      row.type === "evaluation" && row.checkpoint === checkpoint && row.data === client
    );
    assertEquals([overall.accuracy, overall.auc], [metrics.accuracy, metrics.auc]);
    assertAllClose("F1", [overall.macroF1, intervals.f1.value], [metrics.f1, metrics.f1], 1e-9);
    assert(intervals.auc.low <= overall.auc && overall.auc <= intervals.auc.high);
    assertEquals(Object.keys(classes), ["nv", "bkl", "mel"]);
    assertEquals(confusion.flat().reduce((sum: number, count: number) => sum + count), images);
  }
  const text = await runCli(cwd, "evaluate", run, "--metrics", "--role", "personal");
  const tables = text.out.split(/^(?=. personal on)/m).slice(1);
  assertEquals(tables.map((table) => table[0]), ["A", "B", "C", "D"]);
  assertStringIncludes(text.out, "to the last digit: 4 models"); // still comparable with the run
});

Deno.test("evaluate --metrics takes the images of every client where a model's own is not among them", async () => {
  const args = ["evaluate", checkpointOf("best", "A", "personal"), "--metrics", "--json"];
  const { code, out: stdout } = await runCli(cwd, ...args, "--clients", "B,C");
  assertEquals(code, 0);
  const found = parseLines(stdout).filter(({ type }) => type === "clinical");
  assertEquals(found.map(({ client, data }) => [client, data]), [["A", "B"], ["A", "C"]]);
});

Deno.test("evaluate --positive prints operating points, with thresholds from the valid split", async () => {
  const args = ["evaluate", run, "--role", "personal", "--positive", "mel"];
  const { code, out: stdout } = await runCli(cwd, ...args, "--json");
  assertEquals(code, 0);
  const found = parseLines(stdout).filter(({ type }) => type === "operating points");
  assertEquals(found.map(({ client, data, split }) => [client, data, split]), [
    ...["A", "B", "C", "D"].map((client) => [client, client, "test"]),
  ]);
  const ways = ["youden", "specificity 90", "specificity 95"];
  for (const { points } of found) {
    assertEquals(points.map(({ chosen }: { chosen: string }) => chosen), ways);
  }
  assert(found.some(({ points }) => points[0].isKnown));
  // Where they are judged by the training images, thresholds are the same and rates are others.
  const { out } = await runCli(cwd, ...args, "--json", "--split", "train");
  const onTrain = parseLines(out).filter(({ type }) => type === "operating points");
  // deno-lint-ignore no-explicit-any
  const of = (rows: any[], ...keys: string[]) =>
    rows.flatMap(({ points }) =>
      points.map((point: Record<string, unknown>) => keys.map((key) => point[key]))
    );
  assertEquals(of(onTrain, "threshold", "isKnown"), of(found, "threshold", "isKnown"));
  assertNotEquals(of(onTrain, "specificity", "npv"), of(found, "specificity", "npv"));
  assertEquals(parseLines(stdout).filter(({ type }) => type === "clinical"), []);
  const text = await runCli(cwd, ...args);
  assertStringIncludes(text.out, "Operating points of mel against the rest");
  assertStringIncludes(text.out, "to the last digit: 4 models");
});

Deno.test("evaluate --positive refuses a class that is none, and the split of its thresholds", async () => {
  for (
    const [args, words] of [
      [
        ["--positive", "melanoma"],
        "Cannot use melanoma for --positive: the classes are nv, bkl, mel",
      ],
      [["--positive", "mel", "--split", "valid"], "on which its thresholds are chosen"],
    ] as const
  ) {
    const { code, err } = await runCli(cwd, "evaluate", run, ...args);
    assertEquals(code, 2);
    assertStringIncludes(err, words);
  }
});

Deno.test("predict says of a client's test images what the run was judged by", async () => {
  const { clients: [{ test }] } = await demoDataset({ seed: 1, limit: images, clients: ["D"] });
  const bytes = 32 * 32 * 3;
  for (const [index, id] of test.ids.entries()) {
    const pixels = test.images.subarray(index * bytes, (index + 1) * bytes);
    folder.write(`images/${String(index).padStart(3, "0")} ${id}.png`, await encodePng(pixels, 32));
  }
  const checkpoint = checkpointOf("best", "D", "personal");
  const { code, out: stdout, err: stderr } = await runCli(
    cwd,
    "predict",
    checkpoint,
    "images",
    "--json",
  );
  assertEquals([code, stderr], [0, ""]);
  const scores = parseLines(stdout).flatMap(({ probabilities }) =>
    ["nv", "bkl", "mel"].map((name) => probabilities[name])
  );
  const { test: { auc } } = reported.find((row) =>
    row.reason === "best" && row.client === "D" && row.role === "personal"
  );
  assert(auc !== null);
  assertEquals(rocAucOvr(test.labels, scores, 3)!.auc, auc);
});

/** Writes a copy of a checkpoint of the run with other tensors or metadata. */
function writeChanged(
  name: string,
  change: (file: ReturnType<typeof readSafetensors>) => void,
): string {
  const file = readSafetensors(Deno.readFileSync(join(cwd, checkpointOf("best", "A", "personal"))));
  change(file);
  folder.write(name, writeSafetensors(file.tensors, file.metadata));
  return join(cwd, name);
}

const absolute = join(cwd, checkpointOf("best", "A", "personal"));
const unlabelled = writeChanged(
  "plain.safetensors",
  (file) => Object.keys(file.metadata).forEach((key) => delete file.metadata[key]),
);

Deno.test("evaluate needs flags for weights without metadata, and does with them", async () => {
  await assertRejects(
    () => evaluate([unlabelled], new AbortController().signal),
    UsageError,
    `Cannot tell the network of ${unlabelled}: its metadata have no network, no width, ` +
      "no image-size, no classes; add --network, --width, --image-size, --classes",
  );
  const network = "--network vgg_nb --width 0.125 --image-size 32 --classes nv,bkl,mel";
  await assertRejects(
    () => evaluate([unlabelled, ...network.split(" ")], new AbortController().signal),
    UsageError,
    `Cannot tell the data of ${unlabelled}: its metadata name none; add --data FOLDER`,
  );
  const rest = `--data demo --limit ${images} --batch 8`;
  const { code, out: stdout } = await runCli(
    ...[cwd, "evaluate", unlabelled, "--json", ...`${network} ${rest}`.split(" ")] as const,
  );
  assertEquals(code, 0);
  const [cell, , , , mean] = parseLines(stdout);
  const { test } = reported.find((row) => row.client === "A" && row.role === "personal");
  assertEquals([cell.client, cell.role, cell.data, cell.metrics], [null, null, "A", test]);
  assertEquals([mean.type, mean.own, mean.others], ["mean", null, null]);
});

const mistakes: [what: string, args: () => string[], message: string][] = [
  ["nothing to evaluate", () => [], "Cannot evaluate nothing: name a run folder or checkpoint"],
  ["a path without a file", () => ["nowhere"], "Cannot use nowhere: it does not exist"],
  ["a folder of no run", () => [cwd], `Cannot find checkpoints in ${join(cwd, "best")}: name`],
  [
    "--reason with a file",
    () => [absolute, "--reason", "best"],
    "Cannot use --reason best without",
  ],
  ["a file twice", () => [absolute, absolute], `Cannot use ${absolute} twice`],
  ["no model of a role", () => [absolute, "--role", "boss"], "Cannot find models of role boss"],
  [
    "an unknown flag",
    () => [absolute, "--rolle", "all"],
    "Unknown flag --rolle (did you mean --role?)",
  ],
  [
    "a file that is no checkpoint",
    () => [join(cwd, run, "config.json")],
    `Cannot use ${join(cwd, run, "config.json")} as a checkpoint: Cannot read safetensors`,
  ],
  [
    "an unusable setting in the metadata",
    () => [writeChanged("size.safetensors", ({ metadata }) => metadata["image-size"] = "33")],
    "--image-size 33 with --network vgg_nb, which halves images five times: it has to be a multiple of 32",
  ],
  [
    "an unknown network in the metadata",
    () => [writeChanged("net.safetensors", ({ metadata }) => metadata.network = "resnet")],
    'its metadata name the network "resnet"',
  ],
  [
    "checkpoints of different widths",
    () => [absolute, writeChanged("wide.safetensors", ({ metadata }) => metadata.width = "1")],
    "width is 0.125 for one and 1 for the other",
  ],
  [
    "checkpoints of different data",
    () => [absolute, writeChanged("other.safetensors", ({ metadata }) => metadata.data = "x")],
    "data is demo for one and x for the other; choose with --data",
  ],
  [
    "a missing tensor",
    () => [writeChanged("less.safetensors", ({ tensors }) => tensors.delete("fc1.bn.bias"))],
    "as vgg_nb of width 0.125 with 3 classes: Cannot load state: 1 missing keys (fc1.bn.bias)",
  ],
  [
    "an unknown tensor",
    () => [
      writeChanged(
        "more.safetensors",
        ({ tensors }) => tensors.set("head", { shape: [1], data: new Float32Array(1) }),
      ),
    ],
    "Cannot load state: no missing keys, 1 superfluous keys (head)",
  ],
  [
    "tensors of another width",
    () => [absolute, "--width", "0.25"],
    'Cannot load state: "layer1.0.conv.weight" has shape [4, 3, 3, 3] but the model\'s is [8,',
  ],
  [
    "other classes than the data's",
    () => [absolute, "--classes", "a,b,c"],
    "Cannot evaluate models of the classes a, b, c on demo: its classes are nv, bkl, mel",
  ],
  [
    "a csv file in no folder",
    () => [absolute, "--csv", "nowhere/x.csv"],
    'Cannot create file "nowhere/x.csv": there is no folder "nowhere"',
  ],
];

for (const [what, args, message] of mistakes) {
  Deno.test(`evaluate says in one sentence that there is ${what}`, async () => {
    const error = await assertRejects(
      () => evaluate(args(), new AbortController().signal),
      Error,
      message,
    );
    const isExpected = error instanceof UsageError || error instanceof ConfigError ||
      error instanceof Deno.errors.NotFound;
    assert(isExpected, `${error}`);
    assertEquals(error.message.split("\n").length, 1);
  });
}
