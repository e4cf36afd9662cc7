// Folders of images as visitors of the live page have them, in both layouts.

import { encodePng, pixelsOf, type TemporaryFolder } from "../data/tiny_folder.ts";

/** Pixels of a side. */
export const side = 32;
const perClass = 12;

/** Fills `photos/<client>/<class>/<image>.png`: two clients, one of them with a space, of classes `mel` and `nv`. */
export async function writeClientClasses(folder: TemporaryFolder): Promise<void> {
  for (const client of ["Site B", "siteA"]) {
    for (const [label, name] of ["nv", "mel"].entries()) {
      for (let k = 0; k < perClass; k++) {
        const pixels = pixelsOf(`${client}${label}${String.fromCharCode(97 + k)}`, side);
        pixels.fill(40 + 150 * label, 0, pixels.length / 2); // so that there is something to learn
        folder.write(`photos/${client}/${name}/${k}.png`, await encodePng(pixels, side));
      }
    }
  }
}

/** Fills `data` in the official layout: clients East and West, classes nv and bcc. */
export async function writeOfficial(folder: TemporaryFolder): Promise<void> {
  const counts = { train: 8, valid: 2, test: 4 };
  folder.write("data/csv_folder/classes.json", '["nv", "bcc"]');
  for (const client of ["East", "West"]) {
    for (const [split, count] of Object.entries(counts)) {
      const ids = Array.from({ length: count }, (_, k) => `${client}_${split}_${k}`);
      folder.write(
        `data/csv_folder/client${client}/${split}_client${client}.csv`,
        ["image_id,label", ...ids.map((id, k) => `${id},${k % 2}`), ""].join("\n"),
      );
      for (const id of ids) {
        const png = await encodePng(pixelsOf(id, side), side);
        folder.write(`data/client${client}/img_resize${side}/${id}.png`, png);
      }
    }
  }
}
