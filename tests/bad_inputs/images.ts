// Image files: kinds that are read with the right numbers, and those that are none or would fill the memory.

import { join } from "@std/path";
import { openImageDecoder } from "../../src/data/decode.ts";
import { readUnlabelledImage } from "../../src/data/unlabelled_images.ts";
import { jpegFile } from "../data/jpeg_file.ts";
import type { TemporaryFolder } from "../data/tiny_folder.ts";
import type { InputCase } from "./case.ts";
import { flatPng, images, readColours, writeOneClient } from "./one_client.ts";

/** The first training image is this file. */
const as = (bytes: Uint8Array, extension = "png") => (folder: TemporaryFolder) => {
  writeOneClient(folder);
  folder.remove(`${images}/x0.png`);
  folder.write(`${images}/x0.${extension}`, bytes);
};

const accepted = (
  what: string,
  prepare: (folder: TemporaryFolder) => void,
  colour: string,
): InputCase => ({ what, prepare, use: readColours, accepted: [colour] });

const refused = (
  what: string,
  prepare: (folder: TemporaryFolder) => void,
  ...words: string[]
): InputCase => ({
  what,
  prepare,
  use: readColours,
  refused: [`FOLDER/${images}/x0.`, ...words],
});

const jpeg = jpegFile([176]);
const png = flatPng(8, 2, [10, 20, 30]);

/** Cut at every twentieth of its length. */
function truncations(format: string, bytes: Uint8Array, extension: string): InputCase[] {
  return Array.from({ length: 19 }, (_, k) => {
    const length = Math.floor(bytes.length * (k + 1) / 20);
    const what = `a ${format} file of which ${k + 1}/20 are left`;
    return refused(
      what,
      as(bytes.slice(0, length), extension),
      "Cannot decode",
      "replace the file",
    );
  });
}

/** The same file with another size in its header; the checksum of PNG is not looked at so early. */
function announcing(width: number, height: number): Uint8Array {
  const bytes = png.slice();
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return bytes;
}

const bomb = { width: 65535, height: 65535 };

export const imageCases: readonly InputCase[] = [
  accepted("a grey PNG file", as(flatPng(8, 0, [77])), "77 77 77"),
  accepted("a grey PNG file of 16 bits", as(flatPng(16, 0, [177, 200])), "177 177 177"),
  accepted("a grey PNG file with alpha", as(flatPng(8, 4, [77, 0])), "77 77 77"),
  accepted("a PNG file of 16 bits", as(flatPng(16, 2, [101, 255, 2, 0, 3, 128])), "101 2 3"),
  accepted("a PNG file with alpha", as(flatPng(8, 6, [1, 2, 3, 0])), "1 2 3"),
  accepted(
    "a PNG file of 16 bits with alpha",
    as(flatPng(16, 6, [101, 0, 2, 0, 3, 0, 4, 0])),
    "101 2 3",
  ),
  accepted("a grey JPEG file", as(jpeg, "jpg"), "176 176 176"),
  accepted("a JPEG file in colours", as(jpegFile([176, 128, 128]), "jpeg"), "176 176 176"),
  accepted(
    "a PNG file with rubbish behind its end",
    as(Uint8Array.from([...png, ...jpeg])),
    "10 20 30",
  ),
  accepted("a PNG file beside a JPEG file of the same name", (folder) => {
    as(png)(folder);
    folder.write(`${images}/x0.jpg`, jpeg);
  }, "10 20 30"),
  accepted("files and folders that nobody asked for", (folder) => {
    as(png)(folder);
    for (const name of ["Thumbs.db", ".DS_Store", "unlisted.png", "README"]) {
      folder.write(`${images}/${name}`, "no image");
    }
    folder.write(`${images}/folder.png/x0.png`, "");
    folder.write("clientA/img_resize_old/x0.png", "");
    folder.write("clientA/img_resize16.zip", "");
    folder.write("clientA.txt", "");
  }, "10 20 30"),
  accepted("a link to another image of the data", (folder) => {
    as(png)(folder);
    folder.write("clientA/originals/x0.png", flatPng(8, 2, [4, 5, 6]));
    folder.remove(`${images}/x0.png`);
    Deno.symlinkSync("../originals/x0.png", join(folder.path, images, "x0.png"));
  }, "4 5 6"),

  refused("an empty file", as(new Uint8Array(0)), "the file is empty"),
  refused("text", as(new TextEncoder().encode("x")), "neither a PNG nor a JPEG file"),
  refused("a GIF file", as(new TextEncoder().encode("GIF89a\x08\0\x08\0")), "it is a GIF file"),
  refused("a JPEG file in CMYK colours", as(jpegFile([176, 96, 128, 70]), "jpg"), "CMYK"),
  refused("an image that is no square", as(flatPng(8, 2, [1, 2, 3], { width: 9 })), "9x8 pixels"),
  refused(
    "an image of another size",
    as(flatPng(8, 0, [1], { width: 4, height: 4 })),
    "4x4 pixels",
  ),
  refused("a PNG header alone", as(png.slice(0, 20)), "its header is cut off after 20 bytes"),
  refused("a PNG file without width", as(announcing(0, 8)), "0x8 pixels"),
  refused("a JPEG header without frame", as(jpeg.slice(0, 60), "jpg"), "its header is cut off"),
  refused(
    "a PNG file of billions of pixels",
    as(announcing(65535, 65535)),
    "65535x65535",
    "resize it",
  ),
  refused("a JPEG file of billions of pixels", as(jpegFile([176], bomb), "jpg"), "65535x65535"),
  {
    what: "an image of billions of pixels where a folder promises them",
    prepare: (folder) => {
      as(announcing(65535, 65535))(folder);
      Deno.renameSync(join(folder.path, images), join(folder.path, "clientA/img_resize65535"));
    },
    use: readColours,
    refused: ["img_resize65535/x0.png", "announces 65535x65535 pixels, too many"],
  },
  refused(
    "a PNG file that announces other bytes than follow",
    as(announcing(8, 16)),
    "8x16 pixels",
  ),
  {
    what: "a device without end as an image to predict",
    use: async () => readUnlabelledImage("/dev/zero", 8, await openImageDecoder(), []),
    refused: ["Cannot read /dev/zero", "a pipe or a device and no plain file; make it readable"],
  },
  ...truncations("PNG", png.slice(0, -12), "png"), // without IEND, which adds no pixel
  ...truncations("JPEG", jpeg, "jpg"),
];
