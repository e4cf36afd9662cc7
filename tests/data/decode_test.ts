// Decoding PNG and JPEG files.

import { Image } from "imagescript";
import { DataError } from "../../src/data/data_error.ts";
import { openImageDecoder } from "../../src/data/decode.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { encodePng, pixelsOf } from "./tiny_folder.ts";

/** A smooth image, so that JPEG keeps it nearly as it is. */
function gradient(size: number): Image {
  return new Image(size, size).fill((x, y) =>
    Image.rgbToColor(40 + x * 3, 200 - y * 3, 60 + x + y)
  );
}

const decode = await openImageDecoder();

Deno.test("decode() returns the pixels of a PNG file", async () => {
  const pixels = pixelsOf("x", 6);
  assertEquals(decode(await encodePng(pixels, 6), "x.png"), { width: 6, height: 6, pixels });
});

Deno.test("decode() drops alpha without blending", async () => {
  const image = new Image(2, 1);
  image.bitmap.set([10, 20, 30, 0, 40, 50, 60, 128]);
  const { pixels } = decode(await image.encode(), "x.png");
  assertEquals([...pixels], [10, 20, 30, 40, 50, 60]);
});

Deno.test("decode() returns the pixels of a JPEG file to its accuracy", async () => {
  const image = gradient(32);
  const { width, height, pixels } = decode(await image.encodeJPEG(100), "x.jpg");
  assertEquals([width, height, pixels.length], [32, 32, 32 * 32 * 3]);
  pixels.forEach((value, k) => {
    const original = image.bitmap[Math.floor(k / 3) * 4 + k % 3];
    // Rounding of DCT coefficients and colour conversion at the highest quality
    assert(Math.abs(value - original) <= 4, `byte ${k} is ${value}, not ${original}`);
  });
});

Deno.test("decode() gives the same pixels again and again", async () => {
  const jpeg = await gradient(16).encodeJPEG(80);
  const first = decode(jpeg, "x.jpg");
  for (let k = 0; k < 20; k++) assertEquals(decode(jpeg, "x.jpg"), first);
});

Deno.test("decode() rejects truncated, corrupt and foreign files by name", async () => {
  const png = await encodePng(pixelsOf("x", 8), 8);
  const jpeg = await gradient(16).encodeJPEG(80);
  const corrupt = png.slice();
  corrupt[png.length >> 1] ^= 0xff;
  const broken = {
    "half.png": png.slice(0, png.length >> 1),
    "half.jpg": jpeg.slice(0, jpeg.length >> 1),
    "corrupt.png": corrupt,
    "text.png": new TextEncoder().encode("not an image"),
    "empty.jpg": new Uint8Array(0),
  };
  for (const [name, bytes] of Object.entries(broken)) {
    assertThrows(() => decode(bytes, name), DataError, `Cannot decode ${name}: `);
  }
  // The decoder is as good as new afterwards.
  assertEquals(decode(png, "x.png").width, 8);
  assertEquals(decode(jpeg, "x.jpg").width, 16);
});
