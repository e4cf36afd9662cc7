// Makes small data folders in the official layout for the tests.

import { join } from "@std/path";
import { Image } from "imagescript";

/** A temporary folder, removed at the end of its scope. */
export class TemporaryFolder {
  readonly path = Deno.makeTempDirSync({ prefix: "prrfl_test_" });

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }

  /** Writes a file, making its folders. */
  write(relativePath: string, content: string | Uint8Array): void {
    const path = join(this.path, relativePath);
    Deno.mkdirSync(join(path, ".."), { recursive: true });
    if (typeof content === "string") Deno.writeTextFileSync(path, content);
    else Deno.writeFileSync(path, content);
  }

  remove(relativePath: string): void {
    Deno.removeSync(join(this.path, relativePath), { recursive: true });
  }
}

/** A square PNG file of the RGB bytes `[size, size, 3]`. */
export function encodePng(pixels: ArrayLike<number>, size: number): Promise<Uint8Array> {
  const image = new Image(size, size);
  for (let pixel = 0; pixel < size * size; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      image.bitmap[pixel * 4 + channel] = pixels[pixel * 3 + channel];
    }
    image.bitmap[pixel * 4 + 3] = 255;
  }
  return image.encode();
}

/** RGB bytes `[size, size, 3]` of an image with the given identifier: some pattern of its own. */
export function pixelsOf(id: string, size: number): Uint8Array {
  const start = id.charCodeAt(id.length - 1);
  return Uint8Array.from(
    { length: size * size * 3 },
    (_, index) => (start * 37 + index * 29) % 256,
  );
}

/**
 * Fills a folder with clients A and B, of two images per split: `A_train_0`, label 0, and `A_train_1`, label 1, and
 * so on. Stored sizes are 4 and 8 pixels.
 */
export async function writeTinyData(folder: TemporaryFolder): Promise<void> {
  for (const client of ["B", "A"]) {
    for (const split of ["train", "valid", "test"]) {
      const ids = [0, 1].map((index) => `${client}_${split}_${index}`);
      const rows = ids.map((id, label) => `${id},${label}`);
      folder.write(
        `csv_folder/client${client}/${split}_client${client}.csv`,
        ["image_id,label", ...rows, ""].join("\r\n"),
      );
      for (const id of ids) {
        for (const size of [4, 8]) {
          const png = await encodePng(pixelsOf(id, size), size);
          folder.write(`client${client}/img_resize${size}/${id}.png`, png);
        }
      }
    }
  }
}
