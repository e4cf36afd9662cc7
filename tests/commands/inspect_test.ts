// The command `data inspect` as it is started: its table, and the contact sheet it writes.

import { join } from "@std/path";
import { demoDataset } from "../../src/data/demo.ts";
import type { SplitName } from "../../src/data/dataset.ts";
import type { ImagePlace } from "../../src/data/image_place.ts";
import { duplicateLines } from "../../src/commands/inspect_checks.ts";
import { plainStyle } from "../../src/report/terminal/style.ts";
import { openImageDecoder } from "../../src/data/decode.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { encodePng, pixelsOf, TemporaryFolder, writeTinyData } from "../data/tiny_folder.ts";
import { runCli } from "./run_cli.ts";

const wanted = ["--data", "demo", "--clients", "C,A", "--image-size", "32"];

const inspect = (cwd: string, ...args: string[]) =>
  runCli(cwd, "data", "inspect", ...wanted, ...args);

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
  assertStringIncludes(out, "pixels are the same at 32×32\n  none\n");
  assertStringIncludes(
    out,
    "Lesions and patients: not checked; name a CSV file with image_id and lesion_id or patient_id",
  );
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

/** The tiny data in 32 and 64 pixels, with some images the same and some labels wrong. */
async function writeFlawedData(folder: TemporaryFolder): Promise<void> {
  await writeTinyData(folder);
  for (const client of ["A", "B"]) {
    for (const size of [4, 8]) folder.remove(`client${client}/img_resize${size}`);
    for (const split of ["train", "valid", "test"]) {
      for (const [index, size] of [[0, 32], [1, 32], [0, 64]]) {
        const id = `${client}_${split}_${index}`;
        const pixels = pixelsOf(id, size).map((value, at) =>
          at < id.length ? id.charCodeAt(at) : value
        );
        const png = await encodePng(flaws[id] ?? pixels, size);
        folder.write(`client${client}/img_resize${size}/${id}.png`, png);
      }
    }
  }
}

const [first, second] = ["y", "z"].map((id) => pixelsOf(id, 32));
const flaws: Readonly<Record<string, Uint8Array>> = {
  A_train_0: first,
  A_test_1: first, // in two splits, with another label
  A_valid_0: second,
  B_valid_0: second, // in two clients
};

Deno.test("data inspect tells of stored sizes, duplicates and shared lesions", async () => {
  using folder = new TemporaryFolder();
  await writeFlawedData(folder);
  folder.write(
    "lesions.csv",
    "lesion_id,image_id\nL1,A_train_0\nL1,A_test_1\nL2,A_train_1\nL2,B_train_1\nL3,B_test_0\n",
  );
  const args = ["--data", ".", "--image-size", "32", "--metadata", "lesions.csv", "--no-cache"];
  folder.write("csv_folder/classes.json", '["nv", "bkl"]');
  const { code, out, err } = await runCli(folder.path, "data", "inspect", ...args);
  assertEquals([code, err], [0, ""]);
  const bytes = (size: number) =>
    [...Deno.readDirSync(join(folder.path, "clientB", `img_resize${size}`))]
      .map(({ name }) =>
        Deno.statSync(join(folder.path, "clientB", `img_resize${size}`, name)).size
      )
      .reduce((sum, size) => sum + size, 0);
  assertMatch(out, /^ {2}A +img_resize32 +6 +0\.0 +read$/m);
  assertMatch(
    out,
    new RegExp(`^ {2}B +img_resize32 +6 +${(bytes(32) / 1e6).toFixed(1)} +read$`, "m"),
  );
  assertMatch(out, new RegExp(`^ +img_resize64 +3 +${(bytes(64) / 1e6).toFixed(1)}$`, "m"));
  const checks = out.slice(out.indexOf("Duplicates"));
  assertEquals(
    checks,
    `Duplicates: images whose pixels are the same at 32×32
  warning: 1 image in two splits of one client: tests on what was trained are too favourable
    A_train_0 (A train) = A_test_1 (A test)
  warning: 1 image in two clients: they are less independent than they seem
    A_valid_0 (A valid) = B_valid_0 (B valid)
  warning: 1 image with different labels: one of them is wrong
    A_train_0 (A train) as nv = A_test_1 (A test) as bkl

Groups: 3 lesions in 5 images; of the other 7, lesions.csv does not tell it
  warning: 1 lesion of client A in both train and test
    lesion_id L1: A_train_0 (A train), A_test_1 (A test)
  warning: 1 lesion in two clients
    lesion_id L2: A_train_1 (A train), B_train_1 (B train)
  A model that is tested on what it was trained on looks better than it is.
`,
  );
});

Deno.test("data inspect counts the examples that it does not show", () => {
  const place = (id: string, split: SplitName): ImagePlace => ({
    ...{ client: "A", split, id },
    index: 0,
    label: 0,
  });
  const groups = ["a", "b", "c", "d", "e"].map((
    id,
  ) => [place(id, "test"), place(`${id}2`, "test")]);
  assertEquals(duplicateLines(groups, 32, ["nv", "mel"], plainStyle), [
    "Duplicates: images whose pixels are the same at 32×32",
    "  warning: 5 images more than once in the same split: they weigh more than others",
    "    a (A test) = a2 (A test)",
    "    b (A test) = b2 (A test)",
    "    c (A test) = c2 (A test)",
    "    and 2 more",
  ]);
});

Deno.test("data inspect says so where the table is of other images", async () => {
  using folder = new TemporaryFolder();
  folder.write("other.csv", "image_id,lesion_id\nx,L1\n");
  const { code, out } = await inspect(folder.path, "--metadata", "other.csv");
  assertEquals(code, 0);
  assertStringIncludes(
    out,
    "Lesions and patients: not checked; other.csv has none of these images",
  );
});

Deno.test("data inspect rejects a table that tells no lesion", async () => {
  using folder = new TemporaryFolder();
  folder.write("labels.csv", "image_id,dx\nx,nv\n");
  const { code, err } = await inspect(folder.path, "--metadata", "labels.csv");
  assertEquals(code, 2);
  assertMatch(
    err,
    /^error: Cannot use labels.csv: no image has a lesion_id or patient_id; name a file/,
  );
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
