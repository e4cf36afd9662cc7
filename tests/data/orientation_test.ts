// Images are seen as their EXIF orientation says: all eight, in both formats and both byte orders.

import { Image } from "imagescript";
import { openImageDecoder } from "../../src/data/decode.ts";
import { orientationOf, upright } from "../../src/data/orientation.ts";
import { assert, assertEquals } from "../assert.ts";
import { orientationTiff, withExif } from "./exif.ts";
import { pngFile } from "./png_file.ts";

/** What is seen, 2 wide and 3 high; one number for the three channels. */
const seen = ["12", "34", "56"];

/** What is stored for it, by orientation (CIPA DC-008: where its row 0 and column 0 are seen). */
const stored: Readonly<Record<number, readonly string[]>> = {
  1: ["12", "34", "56"], // top, left
  2: ["21", "43", "65"], // top, right
  3: ["65", "43", "21"], // bottom, right
  4: ["56", "34", "12"], // bottom, left
  5: ["135", "246"], // left, top
  6: ["246", "135"], // right, top
  7: ["642", "531"], // right, bottom
  8: ["531", "642"], // left, bottom
};

function imageOf(rows: readonly string[]) {
  const pixels = Uint8Array.from(
    rows.join("").split("").flatMap((digit) => {
      const value = 30 * Number(digit);
      return [value, value + 1, value + 2];
    }),
  );
  return { width: rows[0].length, height: rows.length, pixels };
}

const decode = await openImageDecoder();

Deno.test("upright() turns an image in each of eight ways", () => {
  for (const [orientation, rows] of Object.entries(stored)) {
    assertEquals(upright(imageOf(rows), Number(orientation)), imageOf(seen), orientation);
  }
});

for (const littleEndian of [true, false]) {
  Deno.test(`PNG files are seen as they should be, ${littleEndian ? "little" : "big"}-endian`, () => {
    for (const [orientation, rows] of Object.entries(stored)) {
      const { pixels, ...size } = imageOf(rows);
      const exif = orientationTiff(Number(orientation), littleEndian);
      const file = pngFile({ ...size, depth: 8, colourType: 2 }, pixels, exif);
      assertEquals(orientationOf(file), Number(orientation));
      assertEquals(decode(file, "x.png"), imageOf(seen), orientation);
    }
  });

  Deno.test(`JPEG files are seen as they should be, ${littleEndian ? "little" : "big"}-endian`, async () => {
    const image = new Image(16, 8).fill((x) => Image.rgbToColor(x < 8 ? 40 : 200, 100, 100));
    const jpeg = await image.encodeJPEG(95);
    for (
      const [orientation, corner] of [[1, "dark"], [3, "light"], [6, "dark"], [8, "light"]] as const
    ) {
      const { width, height, pixels } = decode(
        withExif(jpeg, orientationTiff(orientation, littleEndian)),
        "x.jpg",
      );
      assertEquals([width, height], orientation < 5 ? [16, 8] : [8, 16]);
      assert(pixels[0] < 100 === (corner === "dark"), `${orientation}: ${pixels[0]}`);
    }
  });
}

Deno.test("unreadable EXIF data count as upright", () => {
  const { pixels, ...size } = imageOf(seen);
  const orientation = (exif: Uint8Array) =>
    orientationOf(pngFile({ ...size, depth: 8, colourType: 2 }, pixels, exif));
  const good = orientationTiff(6, true);
  assertEquals(orientation(good), 6);
  for (let length = 0; length < 34; length++) assertEquals(orientation(good.slice(0, length)), 1);
  for (const value of [0, 9, 0xffff]) assertEquals(orientation(orientationTiff(value, true)), 1);
  const farAway = good.slice();
  farAway[7] = 0xff;
  assertEquals(orientation(farAway), 1);
  const noShort = good.slice();
  noShort[24] = 4;
  assertEquals(orientation(noShort), 1);
  assertEquals(orientationOf(Uint8Array.of(0xff, 0xd8, 0xff, 0xe1, 0, 4)), 1);
});
