// MedMNIST files: archives and arrays that promise other things than they hold.

import { join } from "@std/path";
import { zipSync } from "fflate";
import { readMedMnist } from "../../src/data/medmnist.ts";
import { npyBytes, type NpyDescription } from "../data/npy_bytes.ts";
import type { InputCase } from "./case.ts";

const pixels: NpyDescription = {
  descr: "|u1",
  shape: "1, 2, 2",
  values: Uint8Array.of(5, 6, 7, 8),
};
const labels: NpyDescription = { descr: "|u1", shape: "1, 1", values: Uint8Array.of(4) };

/** An archive of one image in each split, of which some arrays are others. */
function archive(changes: Record<string, Partial<NpyDescription>> = {}, level: 0 | 6 = 6) {
  const files = ["train", "val", "test"].flatMap((split) =>
    Object.entries({ images: pixels, labels }).map(([kind, array]) => {
      const name = `${split}_${kind}`;
      return [`${name}.npy`, npyBytes({ ...array, ...changes[name] })] as const;
    })
  );
  return zipSync(Object.fromEntries(files), { level });
}

const whole = archive();

/** The size that the first file shall have when it is unpacked, by the archive's directory. */
function promising(size: number): Uint8Array {
  const bytes = whole.slice();
  const view = new DataView(bytes.buffer);
  const directory = view.getUint32(bytes.length - 22 + 16, true);
  view.setUint32(directory + 24, size, true);
  return bytes;
}

/** An archive of nothing but its end, which speaks of four billion files (of the kind for large archives). */
function ofManyFiles(): Uint8Array {
  const bytes = new Uint8Array(56 + 20 + 22);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x06064b50, true);
  view.setUint32(32, 2 ** 32 - 1, true);
  view.setUint32(56, 0x07064b50, true);
  view.setUint32(76, 0x06054b50, true);
  view.setUint16(76 + 8, 1, true);
  return bytes;
}

const read = (path: string) => readMedMnist(join(path, "dermamnist.npz"));

const refused = (what: string, bytes: Uint8Array, ...words: string[]): InputCase => ({
  what: `a MedMNIST file ${what}`,
  prepare: (folder) => folder.write("dermamnist.npz", bytes),
  use: read,
  refused: ["FOLDER/dermamnist.npz", ...words],
});

const array = (what: string, change: Partial<NpyDescription>, ...words: string[]) =>
  refused(`with ${what}`, archive({ val_images: change }), "val_images", ...words);

export const archiveCases: readonly InputCase[] = [
  ...([0, 6] as const).map((level): InputCase => ({
    what: `a MedMNIST file packed at level ${level}`,
    prepare: (folder) => folder.write("dermamnist.npz", archive({}, level)),
    use: async (path) =>
      (await read(path)).map(({ id, className, image }) => `${id} ${className} ${image.pixels}`),
    accepted: ["train", "val", "test"].map((split) => `${split}_0 mel 5,5,5,6,6,6,7,7,7,8,8,8`),
  })),
  ...Array.from({ length: 20 }, (_, k) =>
    refused(
      `of which ${k}/20 are left`,
      whole.slice(0, Math.floor(whole.length * k / 20)),
      "Cannot unpack",
      "get the file anew",
    )),
  refused("that is text", new TextEncoder().encode("x".repeat(999)), "Cannot unpack"),
  refused(
    "that unpacks to four gigabytes",
    promising(2 ** 32 - 16),
    "cannot have 4294967280 bytes",
  ),
  refused("of four billion files", ofManyFiles(), "lists too many files"),
  array("an array of objects", { descr: "|O" }, "its type is |O"),
  array("floats", { descr: "<f4" }, "its type is <f4", "save it as one of"),
  array("an array in Fortran order", { order: "True" }, "Fortran order"),
  array("more pixels than bytes", { shape: "9, 99, 99" }, "promises 88209 bytes but 4 follow"),
  array("a shape beyond all numbers", { shape: `${"9".repeat(400)}, 2, 2` }, "promises Infinity"),
  array("an empty side", { shape: "1, 0, 4", values: new Uint8Array(0) }, "shape [1, 0, 4]"),
  array(
    "endless images of nothing",
    { shape: "1000000000000, 0, 0", values: new Uint8Array(0) },
    "shape",
  ),
  array("a header of Python code", { header: "__import__('os').abort()" }, "its header is"),
  array("a header of 60,000 brackets", { header: "[".repeat(60_000), version: 1 }, "its header is"),
  refused(
    "with a label of no class",
    archive({ test_labels: { values: Uint8Array.of(7) } }),
    "it holds 7, but DermaMNIST has the classes 0 to 6",
  ),
  {
    what: "a MedMNIST file that is not there",
    use: read,
    refused: ["dermamnist.npz: it does not exist", "--source"],
  },
];
