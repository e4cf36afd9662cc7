// The command `predict`: images of every kind, many and few, good and bad, and what several models say.

import { join } from "@std/path";
import { Image } from "imagescript";
import { predict } from "../../src/commands/predict.ts";
import { UsageError } from "../../src/commands/usage_error.ts";
import { DataError } from "../../src/data/data_error.ts";
import { writeSafetensors } from "../../src/io/safetensors.ts";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "../assert.ts";
import { pngFile, type PngHeader } from "../data/png_file.ts";
import { encodePng, pixelsOf, TemporaryFolder } from "../data/tiny_folder.ts";
import { madeUpWeights } from "../federated/made_up_weights.ts";
import { parseLines, runCli } from "./run_cli.ts";

const folder = new TemporaryFolder();
globalThis.addEventListener("unload", () => folder[Symbol.dispose]());
const { path: cwd } = folder;
const size = 32;

const metadata = {
  ...{ network: "vgg_nb", width: "0.125", "image-size": String(size), classes: "nv,bkl,mel" },
  ...{ role: "personal", round: "0" },
};
for (const [seed, client] of ["A", "B", "C"].entries()) {
  const weights = await madeUpWeights(seed, 0.125);
  folder.write(`${client}.safetensors`, writeSafetensors(weights, { ...metadata, client }));
}

/** Grey, so that it can be stored in every colour type. */
const grey = Uint8Array.from({ length: size * size }, (_, i) => (i * 7 + (i >> 5) * 13) % 256);

/** The grey picture with every value repeated, alpha of any value, and another low byte at 16 bits. */
function greyAs(depth: PngHeader["depth"], colourType: PngHeader["colourType"]): Uint8Array {
  const colours = colourType === 0 || colourType === 4 ? 1 : 3;
  const alpha = colourType >= 4 ? [77] : [];
  const bytes = [...grey].flatMap((value) =>
    [...new Array<number>(colours).fill(value), ...alpha]
      .flatMap((channel) => depth === 16 ? [channel, 200] : [channel])
  );
  return pngFile({ width: size, height: size, depth, colourType }, Uint8Array.from(bytes));
}

async function predictions(...args: string[]) {
  const { code, out: stdout, err: stderr } = await runCli(cwd, "predict", ...args, "--json");
  return { code, stderr, rows: stdout === "" ? [] : parseLines(stdout) };
}

Deno.test("predict says the same of a picture in every kind of PNG file", async () => {
  const kinds = ([8, 16] as const).flatMap((depth) =>
    ([0, 2, 4, 6] as const).map((type) => [depth, type] as const)
  );
  for (const [depth, type] of kinds) {
    folder.write(`kinds/${depth}_${type}.png`, greyAs(depth, type));
  }
  folder.write("other.png", await encodePng(pixelsOf("x", size), size));
  const { code, rows, stderr } = await predictions("A.safetensors", "kinds", "other.png");
  assertEquals([code, stderr, rows.length], [0, "", kinds.length + 1]);
  const other = rows.pop();
  assert(Math.abs(other.probabilities.nv - rows[0].probabilities.nv) > 1e-3);
  for (const { file, model, probabilities } of rows) {
    assertEquals([model, probabilities], ["A personal", rows[0].probabilities], file);
  }
  const { nv, bkl, mel } = rows[0].probabilities;
  assertAlmostEquals(nv + bkl + mel, 1, 1e-6); // three f32 quotients
});

Deno.test("predict takes JPEG files, large images and those that are no squares", async () => {
  const image = new Image(96, 64).fill((x, y) => Image.rgbToColor(40 + x, 200 - 2 * y, 60 + x + y));
  folder.write("large/a.png", await image.encode());
  folder.write("large/b.JPEG", await image.encodeJPEG(100));
  folder.write("large/notes.txt", "not taken for an image");
  const { code, rows } = await predictions("A.safetensors", "large");
  assertEquals(code, 0);
  assertEquals(rows.map(({ file }) => file), ["large/a.png", "large/b.JPEG"]);
  for (const name of ["nv", "bkl", "mel"]) {
    const [png, jpeg] = rows.map(({ probabilities }) => probabilities[name]);
    assertAlmostEquals(jpeg, png, 0.02); // compression changes bytes by up to 4 of 255
  }
});

Deno.test("predict says of each of several models what it says alone, and their mean", async () => {
  for (const name of ["x", "y"]) {
    folder.write(`few/${name}.png`, await encodePng(pixelsOf(name, size), size));
  }
  const all = ["A.safetensors", "B.safetensors", "C.safetensors"];
  const { code, rows } = await predictions(...all, "few");
  assertEquals(code, 0);
  assertEquals(
    rows.map(({ file, model }) => `${file} ${model}`),
    ["few/x.png", "few/y.png"].flatMap((file) =>
      ["A personal", "B personal", "C personal", "mean"].map((model) => `${file} ${model}`)
    ),
  );
  const alone = (await Promise.all(all.map((one) => predictions(one, "few/y.png"))))
    .map(({ rows: [row] }) => row);
  assertEquals(rows.slice(4, 7), alone);
  for (const [name, mean] of Object.entries(rows[7].probabilities)) {
    const sum = alone.reduce((sum, { probabilities }) => sum + probabilities[name], 0);
    assertEquals(mean, sum / 3);
  }
  const best = (probabilities: Record<string, number>) =>
    Object.entries(probabilities).toSorted(([, a], [, b]) => b - a)[0][0];
  for (const row of rows) assertEquals(row.class, best(row.probabilities));
});

Deno.test("predict goes through more images than it holds at a time, in their order", async () => {
  const names = Array.from({ length: 300 }, (_, index) => `${String(index).padStart(3, "0")}.png`);
  const files = await Promise.all(
    Array.from({ length: 7 }, (_, kind) => encodePng(pixelsOf(String(kind), size), size)),
  );
  names.forEach((name, index) => folder.write(`many/${name}`, files[index % 7]));
  folder.write("many/123.png", "corrupt");
  const { code, rows, stderr } = await predictions("A.safetensors", "many");
  assertEquals(code, 2);
  assertStringIncludes(stderr, "error: Cannot use 1 of 300 images: the lines above say why");
  assertEquals(rows.slice(0, -1).map(({ file }) => file), [
    ...names.filter((name) => name !== "123.png").map((name) => join("many", name)),
  ]);
  assertEquals(rows.at(-1).file, "many/123.png");
  const kinds = new Set<string>();
  for (const { file, probabilities } of rows.slice(0, -1)) {
    const kind = Number(file.slice(5, 8)) % 7;
    assertEquals(probabilities, rows[kind].probabilities, file);
    kinds.add(JSON.stringify(probabilities));
  }
  assertEquals(kinds.size, 7);
});

Deno.test("predict names what it cannot read, and shows and stores the rest", async () => {
  const good = await encodePng(pixelsOf("z", size), size);
  folder.write("mixed/good, great.png", good);
  folder.write("mixed/half.png", good.slice(0, good.length >> 1));
  folder.write("mixed/empty.jpg", "");
  folder.write("mixed/notes.txt", "text");
  const args = ["A.safetensors", "mixed", "mixed/notes.txt", "--csv", "mixed.csv"];
  const { code, out: stdout, err: stderr } = await runCli(cwd, "predict", ...args);
  assertEquals(code, 2);
  assertMatch(
    stdout,
    /^ {2}image +class +nv % +bkl % +mel %\n {2}mixed\/good, great.png +\w+( +\d+\.\d){3}\n$/,
  );
  for (const name of ["half.png", "empty.jpg", "notes.txt"]) {
    assertMatch(
      stderr,
      new RegExp(`^warning: Cannot decode mixed/${name}: .*; replace the file$`, "m"),
    );
  }
  assertMatch(stderr, /^error: Cannot use 3 of 4 images: the lines above say why\n$/m);
  const lines = Deno.readTextFileSync(join(cwd, "mixed.csv")).split("\n");
  assertEquals(lines[0], "file,model,class,nv,bkl,mel");
  assertMatch(lines[1], /^"mixed\/good, great.png",A personal,\w+(,0\.\d+){3}$/);
  assertEquals(lines.slice(2), [""]);

  const again = await runCli(cwd, "predict", ...args);
  assertEquals([again.code, again.out], [2, ""]);
  assertStringIncludes(again.err, 'Cannot create file "mixed.csv": it exists already');
});

Deno.test("predict writes nothing where no image can be read", async () => {
  folder.write("bad/a.png", "corrupt");
  const { code, out: stdout, err: stderr } = await runCli(
    ...[cwd, "predict", "A.safetensors", "bad", "--csv", "bad.csv"] as const,
  );
  assertEquals([code, stdout], [2, ""]);
  assertStringIncludes(stderr, "error: Cannot use 1 of 1 images");
  await assertRejects(() => Deno.stat(join(cwd, "bad.csv")), Deno.errors.NotFound);
});

Deno.test("predict takes the folder of a run: the personal models, or the server's if it is one for all", async () => {
  const [a, b] = ["A", "B"].map((client) => Deno.readFileSync(join(cwd, `${client}.safetensors`)));
  for (const name of ["clientA_personal", "clientA_deputy"]) {
    folder.write(`run1/best/${name}.safetensors`, name.endsWith("deputy") ? b : a);
  }
  for (const name of ["clientA_local", "clientB_local", "server"]) {
    folder.write(`run2/best/${name}.safetensors`, name === "server" ? b : a);
  }
  for (const name of ["x", "y"]) {
    folder.write(`deep/${name}/1.png`, await encodePng(pixelsOf(name, size), size));
  }
  folder.write("deep/._hidden.png", "no image");
  for (const [run, file, model] of [["run1", "A", "A personal"], ["run2", "B", "B personal"]]) {
    const { code, rows } = await predictions(run, "deep");
    assertEquals([code, rows.map(({ file }) => file)], [0, ["deep/x/1.png", "deep/y/1.png"]]);
    assertEquals(rows[0].model, model);
    assertEquals(rows, (await predictions(`${file}.safetensors`, "deep")).rows);
  }
});

Deno.test("predict tells what it changes in foreign weights, and how to convert what it cannot read", async () => {
  const weights = await madeUpWeights(0, 0.125);
  const wrapped = [...weights].filter(([name]) => !name.endsWith("num_batches_tracked"))
    .map(([name, tensor]) => [`module.${name}`, tensor] as const);
  const run = { ...metadata, client: "A" };
  folder.write("wrapped.safetensors", writeSafetensors(new Map(wrapped), run));
  const { code, stderr, rows } = await predictions("wrapped.safetensors", "other.png");
  assertEquals(code, 0);
  assertMatch(
    stderr,
    /^note: wrapped.safetensors: its keys began with module., which was taken off$/m,
  );
  assertMatch(
    stderr,
    /^note: wrapped.safetensors: \d+ num_batches_tracked are missing and count as 0$/m,
  );
  assertEquals(rows, (await predictions("A.safetensors", "other.png")).rows);

  folder.write("model.pth", Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0));
  const refused = await predictions("model.pth", "other.png");
  assertEquals(refused.code, 2);
  assertEquals(refused.stderr.trimEnd().split("\n"), [
    "error: Cannot use model.pth as a checkpoint: it is a PyTorch file (a ZIP archive of torch.save); convert " +
    "it with these lines of Python:",
    "    import torch; from safetensors.torch import save_file",
    '    state = torch.load("model.pth", map_location="cpu", weights_only=True)',
    '    save_file({k: v.contiguous() for k, v in state.get("state_dict", state).items()}, ' +
    '"model.safetensors")',
  ]);
});

Deno.mkdirSync(join(cwd, "nothing"));
folder.write("plain.safetensors", writeSafetensors(await madeUpWeights(0, 0.125)));
const checkpoint = join(cwd, "A.safetensors");

const mistakes: [what: string, args: string[], message: string][] = [
  ["nothing to do", [], "Cannot predict without a checkpoint and images: write predict RUN "],
  ["no image", [checkpoint, join(cwd, "B.safetensors")], "Cannot predict without images: write"],
  ["a missing image", [checkpoint, "nowhere.png"], "Cannot read nowhere.png: it does not exist"],
  ["an empty folder", [checkpoint, join(cwd, "nothing")], `Cannot find images in ${cwd}/nothing:`],
  [
    "an image instead of a checkpoint",
    [join(cwd, "few/x.png"), join(cwd, "few")],
    "few/x.png as a checkpoint: Cannot read safetensors",
  ],
  [
    "a folder instead of a checkpoint",
    [cwd, join(cwd, "few")],
    `${cwd} as a checkpoint: it is a folder`,
  ],
  ["a missing checkpoint", ["no.safetensors", join(cwd, "few")], "checkpoint: it does not exist"],
  [
    "a checkpoint without metadata",
    [join(cwd, "plain.safetensors"), join(cwd, "few")],
    "no image-size, no classes; add --network, --width, --image-size, --classes",
  ],
  ["a flag of evaluate", [checkpoint, join(cwd, "few"), "--split", "test"], "Unknown flag --split"],
];

for (const [what, args, message] of mistakes) {
  Deno.test(`predict says in one sentence that there is ${what}`, async () => {
    const error = await assertRejects(
      () => predict(args, new AbortController().signal),
      Error,
      message,
    );
    assert(error instanceof UsageError || error instanceof DataError, `${error}`);
    assertEquals(error.message.split("\n").length, 1);
  });
}

Deno.test("predict uses weights without metadata as flags say", async () => {
  const flags = "--network vgg_nb --width 0.125 --image-size 32 --classes nv,bkl,mel".split(" ");
  folder.write("one/x.png", await encodePng(pixelsOf("x", size), size));
  const { code, rows: [row] } = await predictions("plain.safetensors", "one", ...flags);
  const { rows: [expected] } = await predictions("A.safetensors", "one");
  assertEquals(code, 0);
  assertEquals(row, { ...expected, model: "plain" });
});
