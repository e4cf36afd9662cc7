// MedMNIST files: one that NumPy made, and what is said about others.

import { fromFileUrl, join } from "@std/path";
import { zipSync } from "fflate";
import { DataError } from "../../src/data/data_error.ts";
import { readMedMnist } from "../../src/data/medmnist.ts";
import { assertEquals, assertRejects } from "../assert.ts";
import { npyBytes } from "./npy_bytes.ts";
import { TemporaryFolder } from "./tiny_folder.ts";

const tiny = fromFileUrl(new URL("../vectors/dermamnist_tiny.npz", import.meta.url));
const names = ["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"];

/** Arrays of one image of 2×2 pixels in every split. */
function arrays(channels = ", 3"): Record<string, Uint8Array> {
  const values = new Uint8Array(
    channels.split(",").slice(1).reduce((size, length) => size * Number(length), 4),
  ).map((_, index) => index);
  return Object.fromEntries(["train", "val", "test"].flatMap((split) => [
    [`${split}_images.npy`, npyBytes({ descr: "|u1", shape: `1, 2, 2${channels}`, values })],
    [`${split}_labels.npy`, npyBytes({ descr: "|u1", shape: "1, 1", values: new Uint8Array([8]) })],
  ]));
}

/** Expects the file of these arrays to be rejected; `FILE` stands for its path. */
async function assertRejected(
  content: Record<string, Uint8Array>,
  message: string,
  name = "x.npz",
) {
  using folder = new TemporaryFolder();
  folder.write(name, zipSync(content));
  const path = join(folder.path, name);
  const error = await assertRejects(() => readMedMnist(path), DataError);
  assertEquals(error.message.replaceAll(path, "FILE"), message);
}

Deno.test("readMedMnist() reads what NumPy wrote", async () => {
  const images = await readMedMnist(tiny);
  const splits = [["train", "train", 6], ["valid", "val", 2], ["test", "test", 3]] as const;
  const expected = splits.flatMap(([split, prefix, count]) =>
    Array.from({ length: count }, (_, index) => ({
      id: `${prefix}_${index}`,
      split,
      className: names[(3 * index + 1) % 7],
      image: {
        width: 4,
        height: 4,
        pixels: Uint8Array.from({ length: 48 }, (_, i) => (37 * (48 * index + i) + 11) % 251),
      },
    }))
  );
  assertEquals(images, expected);
});

Deno.test("readMedMnist() repeats grey, and names classes of other sets by their numbers", async () => {
  using folder = new TemporaryFolder();
  folder.write("pneumoniamnist.npz", zipSync(arrays("")));
  const [{ className, image }] = await readMedMnist(join(folder.path, "pneumoniamnist.npz"));
  assertEquals([className, ...image.pixels], ["8", ...[0, 1, 2, 3].flatMap((v) => [v, v, v])]);
});

Deno.test("readMedMnist() rejects labels that DermaMNIST does not have", () =>
  assertRejected(
    arrays(),
    "Cannot use FILE, train_labels: it holds 8, but DermaMNIST has the classes 0 to 6",
    "dermamnist_28.npz",
  ));

Deno.test("readMedMnist() rejects other arrays", async () => {
  const { "val_labels.npy": _, ...rest } = arrays();
  await assertRejected(
    rest,
    "Cannot use FILE: it has no array val_labels; name a MedMNIST file, with images and labels of " +
      "train, val, test",
  );
  await assertRejected(
    arrays(", 2, 3"),
    "Cannot use FILE, train_images of shape [1, 2, 2, 2, 3]: these are 3-D volumes, and images here have " +
      "two dimensions; choose a 2-D set of MedMNIST",
  );
  await assertRejected(
    arrays(", 28"),
    "Cannot use FILE, train_images of shape [1, 2, 2, 28]: these are 3-D volumes, and images here have " +
      "two dimensions; choose a 2-D set of MedMNIST",
  );
  await assertRejected(
    arrays(", 1"),
    "Cannot use FILE, train_images of shape [1, 2, 2, 1]: it has to be bytes of shape " +
      "[n, height, width, 3] or [n, height, width]",
  );
  const labels = npyBytes({ descr: "|u1", shape: "1, 14", values: new Uint8Array(14) });
  await assertRejected(
    { ...arrays(), "test_labels.npy": labels },
    "Cannot use FILE, test_labels of shape [1, 14]: every image has 14 labels at once, and here it has one class; " +
      "choose a set with one label, such as DermaMNIST",
  );
});

Deno.test("readMedMnist() rejects what is no archive, or not there", async () => {
  using folder = new TemporaryFolder();
  folder.write("x.npz", (await Deno.readFile(tiny)).subarray(0, 900));
  const read = (name: string) =>
    assertRejects(() => readMedMnist(join(folder.path, name)), DataError);
  const message = async (name: string) => (await read(name)).message.replace(folder.path, "DATA");
  assertEquals(
    await message("x.npz"),
    "Cannot unpack DATA/x.npz: invalid zip data; get the file anew",
  );
  assertEquals(
    await message("y.npz"),
    "Cannot read DATA/y.npz: it does not exist; name a MedMNIST file with --source",
  );
});
