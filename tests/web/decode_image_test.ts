// What the browser makes of PNG and JPEG files, beside what the command line's decoder makes of them.

import { build, stop } from "esbuild";
import { fromFileUrl } from "@std/path";
import { Image } from "imagescript";
import type { Page } from "playwright-core";
import { forConsumers, packagesForBrowsers } from "../../packaging/bundling.ts";
import { openImageDecoder } from "../../src/data/decode.ts";
import type { RgbImage } from "../../src/data/rgb_image.ts";
import { assert, assertEquals } from "../assert.ts";
import { withSecurePage } from "../browser/secure_page.ts";
import { orientationTiff, withExif } from "../data/exif.ts";
import { jpegFile } from "../data/jpeg_file.ts";
import { pngFile } from "../data/png_file.ts";
import { noBrowser } from "../report/browser.ts";

/** The image, or the message of the error. */
type Outcome = RgbImage | string;

/** The module that decodes in the browser, as one script. */
async function scriptOfDecoder(): Promise<string> {
  const { outputFiles } = await build({
    ...forConsumers,
    entryPoints: [fromFileUrl(new URL("../../src/web/decode_image.ts", import.meta.url))],
    plugins: [packagesForBrowsers],
    sourcemap: false,
    write: false,
  });
  await stop();
  return outputFiles[0].text;
}

async function inBrowser(page: Page, bytes: Uint8Array, name: string): Promise<Outcome> {
  const told = await page.evaluate(async ({ file, name }) => {
    const address = "/decode.js"; // the page's, and unknown to the type checker
    const { decodeImage } = await import(address);
    try {
      const { pixels, ...image } = await decodeImage(Uint8Array.from(file), name);
      return { ...image, pixels: [...pixels] };
    } catch (error) {
      return (error as Error).message;
    }
  }, { file: [...bytes], name });
  return typeof told === "string" ? told : { ...told, pixels: Uint8Array.from(told.pixels) };
}

const decode = await openImageDecoder();

function here(bytes: Uint8Array, name: string): Outcome {
  try {
    return decode(bytes, name);
  } catch (error) {
    return (error as Error).message;
  }
}

/** Bytes with all values, in no order of theirs. */
const some = (count: number) => Uint8Array.from({ length: count }, (_, k) => (k * 89 + 17) % 256);
const [width, height] = [7, 5];
const rgb = pngFile({ width, height, depth: 8, colourType: 2 }, some(3 * width * height));

const exact: Readonly<Record<string, Uint8Array>> = {
  "rgb.png": rgb,
  "grey.png": pngFile({ width, height, depth: 8, colourType: 0 }, some(width * height)),
  "alpha.png": pngFile({ width, height, depth: 8, colourType: 6 }, some(4 * width * height)),
  "greyalpha.png": pngFile({ width, height, depth: 8, colourType: 4 }, some(2 * width * height)),
  "deep.png": pngFile({ width, height, depth: 16, colourType: 2 }, some(6 * width * height)),
  "deepgrey.png": pngFile(
    { width, height, depth: 16, colourType: 0 },
    some(2 * width * height).map((byte, k) => k % 2 === 0 ? byte % 16 : byte), // 12 bits
  ),
  "grey.jpg": jpegFile([128]),
  "empty.png": new Uint8Array(0),
  "gif.jpg": new TextEncoder().encode("GIF89a"),
  "cut.png": rgb.subarray(0, rgb.length - 20),
  "damaged.png": rgb.map((byte, k) => k === rgb.length - 20 ? byte ^ 1 : byte),
  "cmyk.jpg": jpegFile([128, 160, 170, 180]),
  "huge.png": pngFile({ width: 60_000, height: 60_000, depth: 8, colourType: 0 }, some(0)),
};

Deno.test({
  name:
    "the browser gives the same pixels of PNG files as the command line, and the same words for damage",
  ignore: noBrowser,
  async fn() {
    const files = { ...exact };
    for (let way = 1; way <= 8; way++) {
      const tiff = orientationTiff(way, way % 2 === 0);
      const header = { width, height, depth: 8, colourType: 2 } as const;
      files[`turned${way}.png`] = pngFile(header, some(3 * width * height), tiff);
      files[`turned${way}.jpg`] = withExif(jpegFile([128]), tiff);
    }
    await withSecurePage(async (page) => {
      for (const [name, bytes] of Object.entries(files)) {
        assertEquals(await inBrowser(page, bytes, name), here(bytes, name), name);
      }
    }, { "/decode.js": await scriptOfDecoder() });
  },
});

Deno.test({
  name:
    "the browser's pixels of a JPEG file are those of the command line to within rounding, whichever way it is turned",
  ignore: noBrowser,
  async fn() {
    const image = new Image(24, 16);
    for (let y = 1; y <= 16; y++) {
      for (let x = 1; x <= 24; x++) image.setPixelAt(x, y, Image.rgbToColor(10 * x, 15 * y, 128));
    }
    const jpeg = await image.encodeJPEG(95);
    const half = jpeg.subarray(0, jpeg.length >> 1);
    await withSecurePage(async (page) => {
      for (const way of [1, 6]) {
        const bytes = withExif(jpeg, orientationTiff(way, true));
        const [theirs, ours] = [await inBrowser(page, bytes, "x.jpg"), here(bytes, "x.jpg")];
        assert(typeof theirs !== "string" && typeof ours !== "string");
        assertEquals([theirs.width, theirs.height], [ours.width, ours.height]);
        const apart = Math.max(...theirs.pixels.map((byte, k) => Math.abs(byte - ours.pixels[k])));
        assert(apart <= 4, `a value is ${apart} apart`);
      }
      assertEquals(
        await inBrowser(page, half, "half.jpg"),
        `Cannot decode half.jpg: it is cut off after ${half.length} bytes, before its end; replace the file`,
      );
    }, { "/decode.js": await scriptOfDecoder() });
  },
});
