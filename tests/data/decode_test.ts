// Decoding PNG and JPEG files.

import { Image } from "imagescript";
import { DataError } from "../../src/data/data_error.ts";
import { openImageDecoder } from "../../src/data/decode.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "../assert.ts";
import { pngFile } from "./png_file.ts";
import { encodePng, pixelsOf } from "./tiny_folder.ts";

/** A smooth image, so that JPEG keeps it nearly as it is. */
function gradient(size: number): Image {
  return new Image(size, size).fill((x, y) =>
    Image.rgbToColor(40 + x * 3, 200 - y * 3, 60 + x + y)
  );
}

/** Of 8×8 pixels, grey 90, as Pillow writes it. */
const progressive = [
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERX",
  "RTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/wgALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAABP/aAAgBAQAA",
  "AAEv/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABBQJ//8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQAG",
  "PwJ//8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPyF//9oACAEBAAAAEP8A/8QAFBABAAAAAAAAAAAAAAAA",
  "AAAAAP/aAAgBAQABPxB//9k=",
].join("");

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
    "zeros.jpg": new Uint8Array(99),
    "x.webp.jpg": new TextEncoder().encode("RIFF\0\0\0\0WEBPVP8 "),
    "x.jpg": new TextEncoder().encode("GIF89a"),
    "y.jpg": new TextEncoder().encode("II*\0"),
    "z.jpg": new TextEncoder().encode("\0\0\0\x18ftypheic"),
    "page.png": new TextEncoder().encode("<!DOCTYPE html>"),
    "header.png": png.slice(0, 20),
  };
  const reasons: Record<keyof typeof broken, RegExp> = {
    "half.png": /: it is cut off after \d+ of at least \d+ bytes; replace/,
    "half.jpg": new RegExp(
      `: it is cut off after ${jpeg.length >> 1} bytes, before its end; replace`,
    ),
    "corrupt.png":
      /: it is damaged: the checksum \(CRC\) of its part IDAT, bytes \d+ to \d+, is wrong/,
    "text.png": /: it is neither a PNG nor a JPEG file; replace/,
    "empty.jpg": /: the file is empty; replace/,
    "zeros.jpg": /: it is neither a PNG nor a JPEG file, but all zeros/,
    "x.webp.jpg": /: it is a WebP file, although its name ends in .jpg/,
    "x.jpg": /: it is a GIF file, although its name ends in .jpg; save it as PNG or JPEG/,
    "y.jpg": /: it is a TIFF file, although/,
    "z.jpg": /: it is a HEIC file, although/,
    "page.png": /: it is a web page, although its name ends in .png/,
    "header.png": /: its header is cut off after 20 bytes/,
  };
  for (const [name, bytes] of Object.entries(broken)) {
    const { message } = assertThrows(() => decode(bytes, name), DataError);
    assertMatch(message, reasons[name as keyof typeof broken]);
    assert(message.startsWith(`Cannot decode ${name}: `));
  }
  // The decoder is as good as new afterwards.
  assertEquals(decode(png, "x.png").width, 8);
  assertEquals(decode(jpeg, "x.jpg").width, 16);
});

Deno.test("decode() takes a file for what it is, whatever its name ends in", async () => {
  const pixels = pixelsOf("x", 6);
  assertEquals(decode(await encodePng(pixels, 6), "x.jpg").pixels, pixels);
  assertEquals(decode(await gradient(16).encodeJPEG(80), "x.png").width, 16);
});

Deno.test("decode() reads a JPEG file that lacks only its end marker, and says so", async () => {
  const whole = await gradient(32).encodeJPEG(90);
  const { notes, ...image } = decode(whole.slice(0, -2), "x.jpg");
  assertEquals(image, decode(whole, "x.jpg"));
  assertEquals(notes, ["the end marker of JPEG is missing, and nothing else"]);
  assertEquals("notes" in decode(Uint8Array.from([...whole, 0, 0, 0]), "x.jpg"), false);
  for (const missing of [3, 4, 7, 20, 100]) {
    const { message } = assertThrows(() => decode(whole.slice(0, -missing), "x.jpg"), DataError);
    assertMatch(message, /it is cut off after \d+ bytes/);
  }
});

/** Grey, of these values of 16 bits. */
const deep = (...values: number[]) =>
  pngFile(
    { width: values.length, height: 1, depth: 16, colourType: 0 },
    Uint8Array.from(values.flatMap((value) => [value >> 8, value & 0xff])),
  );

Deno.test("decode() keeps the bits that an image of 16 bits uses, and says so", () => {
  const greys = (...values: number[]) => {
    const { pixels, notes = [] } = decode(deep(...values), "x.png");
    return [
      ...pixels.filter((_, index) => index % 3 === 0),
      ...notes.map((note) => note.slice(0, 17)),
    ];
  };
  assertEquals(greys(0, 256, 0xff00, 0xffff), [0, 1, 255, 255]);
  assertEquals(greys(0, 2048, 4095), [0, 128, 255, "only 12 of 16 bit"]);
  assertEquals(greys(0, 512, 1023), [0, 128, 255, "only 10 of 16 bit"]);
  assertEquals(greys(0, 7, 255), [0, 7, 255, "only 8 of 16 bits"]);
  assertEquals(greys(0, 4096), [0, 16]);
  assertEquals(greys(0, 0), [0, 0]);
});

Deno.test("decode() reads colours of 16 bits, alpha not counted", () => {
  const bytes = [[0x0f, 0xff], [0x08, 0x00], [0, 0], [0xff, 0xff]].flat();
  const header = { width: 1, height: 1, depth: 16, colourType: 6 } as const;
  const { pixels, notes } = decode(pngFile(header, Uint8Array.from(bytes)), "x.png");
  assertEquals([[...pixels], notes?.length], [[255, 128, 0], 1]);
});

Deno.test("decode() reads progressive JPEG files", () => {
  const bytes = Uint8Array.fromBase64(progressive);
  const { pixels } = decode(bytes, "x.jpg");
  assertEquals(pixels.length, 8 * 8 * 3);
  for (const value of pixels) assert(Math.abs(value - 90) <= 2, `${value}`);
  assertThrows(() => decode(bytes.slice(0, -2), "x.jpg"), DataError, "cut off");
});
