// Reads a MedMNIST file, such as dermamnist_64.npz: a zip archive of NumPy arrays.

import { basename } from "@std/path";
import { type UnzipFileInfo, unzipSync } from "fflate";
import { DataError } from "./data_error.ts";
import { type SplitName, splitNames } from "./dataset.ts";
import type { RgbImage } from "./rgb_image.ts";
import { dermaMnistClasses } from "./diagnoses.ts";
import { diskFiles } from "./disk_files.ts";
import { readBytes } from "./listing.ts";
import { type NumpyArray, parseNpy } from "./npy.ts";

/** One image of the file. */
export interface MedMnistImage {
  /** `test_12`: the thirteenth of its split */
  readonly id: string;
  readonly split: SplitName;
  readonly className: string;
  readonly image: RgbImage;
}

/** What MedMNIST calls the splits. */
const prefixes: Readonly<Record<SplitName, string>> = {
  train: "train",
  valid: "val",
  test: "test",
};

/**
 * Reads `{train,val,test}_images` `[n, height, width, 3]` (or without the 3: grey) and `…_labels` `[n, 1]`. The
 * classes of files named `dermamnist…` have HAM10000's names; those of others are named by their numbers.
 *
 * @throws {DataError} when the file cannot be read, or its arrays are other ones
 */
export async function readMedMnist(path: string): Promise<MedMnistImage[]> {
  return parseMedMnist(
    await readBytes(diskFiles, path, "name a MedMNIST file with --source"),
    path,
  );
}

/**
 * As `readMedMnist()`, of the file's bytes; its path is for messages and the names of the classes.
 *
 * @throws {DataError} when its arrays are other ones
 */
export function parseMedMnist(archive: Uint8Array, path: string): MedMnistImage[] {
  const names = /^dermamnist/i.test(basename(path)) ? dermaMnistClasses : null;
  return splitNames.flatMap((split) => {
    const images = readArray(archive, path, `${prefixes[split]}_images`);
    const labels = readArray(archive, path, `${prefixes[split]}_labels`);
    const [count, height, width] = checkShapes(images, labels, `${path}, ${prefixes[split]}`);
    return Array.from({ length: count }, (_, index) => ({
      id: `${prefixes[split]}_${index}`,
      split,
      className: nameOf(labels.values[index], names, `${path}, ${prefixes[split]}_labels`),
      image: { width, height, pixels: pixelsOf(images, index) },
    }));
  });
}

/** So many bytes can one byte of deflate stand for at most. */
const mostExpansion = 1032;
/** Of the shortest header of a file in an archive. */
const shortestHeader = 46;

/**
 * Unpacks one array: all at once would take twice the memory. What the archive says of itself is not believed: the
 * memory and the steps that it asks for are bounded by its own length.
 */
function readArray(archive: Uint8Array, path: string, name: string): NumpyArray {
  const file = `${name}.npy`;
  let files: Record<string, Uint8Array>;
  let headers = 0;
  const filter = ({ name, size, originalSize }: UnzipFileInfo) => {
    if (++headers > archive.length / shortestHeader) throw new Error("it lists too many files");
    if (name !== file) return false;
    if (originalSize <= Math.min(size, archive.length) * mostExpansion) return true;
    throw new Error(`${name} cannot have ${originalSize} bytes`);
  };
  try {
    files = unzipSync(archive, { filter });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`Cannot unpack ${path}: ${reason}; get the file anew`);
  }
  if (Object.hasOwn(files, file)) return parseNpy(files[file], `${file} of ${path}`);
  throw new DataError(
    `Cannot use ${path}: it has no array ${name}; name a MedMNIST file, with images and labels of ` +
      Object.values(prefixes).join(", "),
  );
}

/** `[count, height, width]`. */
function checkShapes(images: NumpyArray, labels: NumpyArray, place: string): number[] {
  const [count, height, width, channels = 1] = images.shape;
  if (images.shape.length === 5 || (images.shape.length === 4 && channels > 4)) {
    throw new DataError(
      `Cannot use ${place}_images of shape [${
        images.shape.join(", ")
      }]: these are 3-D volumes, and images ` +
        "here have two dimensions; choose a 2-D set of MedMNIST",
    );
  }
  const areImages = images.values instanceof Uint8Array && width > 0 && height > 0 &&
    (images.shape.length === 3 || (images.shape.length === 4 && channels === 3));
  if (!areImages) {
    throw new DataError(
      `Cannot use ${place}_images of shape [${
        images.shape.join(", ")
      }]: it has to be bytes of shape ` +
        "[n, height, width, 3] or [n, height, width]",
    );
  }
  if (labels.shape[0] === count && labels.values.length > count) {
    const each = labels.values.length / count;
    throw new DataError(
      `Cannot use ${place}_labels of shape [${
        labels.shape.join(", ")
      }]: every image has ${each} labels at ` +
        "once, and here it has one class; choose a set with one label, such as DermaMNIST",
    );
  }
  if (labels.shape[0] === count && labels.values.length === count) return [count, height, width];
  throw new DataError(
    `Cannot use ${place}_labels of shape [${
      labels.shape.join(", ")
    }]: there have to be one for each of ` +
      `${count} images, [${count}, 1]`,
  );
}

function nameOf(label: number, names: readonly string[] | null, place: string): string {
  if (names === null) return String(label);
  if (label >= 0 && label < names.length) return names[label];
  throw new DataError(
    `Cannot use ${place}: it holds ${label}, but DermaMNIST has the classes 0 to ${
      names.length - 1
    }`,
  );
}

/** RGB bytes. */
function pixelsOf({ shape, values }: NumpyArray, index: number): Uint8Array {
  const [, height, width, channels = 1] = shape;
  const size = height * width * channels;
  const own = (values as Uint8Array).subarray(index * size, (index + 1) * size);
  return channels === 3
    ? own
    : Uint8Array.from({ length: size * 3 }, (_, i) => own[Math.floor(i / 3)]);
}
