// The command `data inspect` as it is started: its table, and the contact sheet it writes.

import { fromFileUrl, join } from "@std/path";
import { demoDataset } from "../../src/data/demo.ts";
import { openImageDecoder } from "../../src/data/decode.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";

const program = fromFileUrl(new URL("../../cli.ts", import.meta.url));
const config = fromFileUrl(new URL("../../deno.json", import.meta.url));
const wanted = ["--data", "demo", "--clients", "C,A", "--image-size", "32"];

/** Runs it with the permissions that the help names. */
async function inspect(cwd: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "-RWE", `--config=${config}`],
      ...[program, "data", "inspect", ...wanted, ...args],
    ],
    cwd,
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err };
}

Deno.test("data inspect counts the images of each client, split and class", async () => {
  using folder = new TemporaryFolder();
  const { code, out } = await inspect(folder.path);
  assertEquals(code, 0);
  const dataset = await demoDataset({ seed: 1, imageSize: 32 });
  const [a, c] = [dataset.clients[0], dataset.clients[2]];
  const row = (labels: readonly number[]) =>
    [0, 1, 2].map((label) => labels.filter((own) => own === label).length).concat(labels.length);
  const pattern = (name: string, split: string, labels: readonly number[]) =>
    new RegExp(`^ +${name} +${split} +${row(labels).join(" +")}$`, "m");
  assertMatch(out, pattern("A", "train", [...a.train.labels]));
  assertMatch(out, pattern("C", "train", [...c.train.labels]));
  assertMatch(out, pattern("all", "train", [...a.train.labels, ...c.train.labels]));
  assertMatch(out, pattern("", "test", [...a.test.labels, ...c.test.labels]));
  assertStringIncludes(out, "32×32 pixels, 2 clients");
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("data inspect --augment draws a contact sheet, once", async () => {
  using folder = new TemporaryFolder();
  const first = await inspect(folder.path, "--augment", "--out", "sheet.png", "--seed", "5");
  assertEquals([first.code, first.err], [0, ""]);
  assertStringIncludes(first.out, "--seed 5");
  assertEquals(first.out.split("\n").filter((line) => /demo_[AC]_train_/.test(line)).length, 6);

  const path = join(folder.path, "sheet.png");
  const bytes = await Deno.readFile(path);
  const { width, height, pixels } = (await openImageDecoder())(bytes, "sheet.png");
  // Eight pictures of 3 · 32 pixels beside and six below each other, with gaps of 4, 14 and 18 and a border of 14.
  assertEquals([width, height], [8 * 96 + 14 + 6 * 4 + 2 * 14, 6 * 96 + 4 * 4 + 18 + 2 * 14]);
  const [original] = [
    ...(await demoDataset({ seed: 1, imageSize: 32 })).clients[0].train.labels.entries(),
  ]
    .filter(([, label]) => label === 0);
  const image = (await demoDataset({ seed: 1, imageSize: 32 })).clients[0].train.images
    .subarray(original[0] * 32 * 32 * 3);
  const at = (14 * width + 14) * 3;
  assertEquals([...pixels.subarray(at, at + 12)], [
    ...[0, 0, 0, 1].flatMap((pixel) => [...image.subarray(pixel * 3, pixel * 3 + 3)]),
  ]);

  const second = await inspect(folder.path, "--augment", "--out", "sheet.png");
  assertEquals(second.code, 2);
  assertMatch(second.err, /^error: Cannot create file "sheet.png": it exists already/);
  assertEquals(await Deno.readFile(path), bytes);
});
