// PNG and JPEG files to RGB bytes by the browser's own decoders, with the command line's checks and words.

/// <reference lib="dom" />

import { damageOf } from "../data/damage.ts";
import { expectDecodable, undecodable } from "../data/decodable.ts";
import { decodeDeepPng, decodePngWithoutAlpha, isDeepPng } from "../data/deep_png.ts";
import { channelsOfJpeg, isPng } from "../data/image_header.ts";
import { withoutExif } from "../data/exif.ts";
import { orientationOf, upright } from "../data/orientation.ts";
import type { RgbImage } from "../data/rgb_image.ts";

/**
 * Decodes the bytes of a PNG or JPEG file and turns the image as its EXIF orientation says; the name is for messages.
 * Alpha is dropped, not blended. Browsers show the half of a cut off file, so files are checked beforehand.
 *
 * @throws {DataError} when the bytes are not a whole PNG or JPEG image
 */
export async function decodeImage(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<RgbImage> {
  expectDecodable(bytes, name);
  const damage = damageOf(bytes, name);
  if (damage !== null) throw undecodable(name, damage);
  if (!isPng(bytes) && channelsOfJpeg(bytes) === 4) {
    throw undecodable(name, "it is a JPEG file in CMYK colours, not in RGB");
  }
  try {
    const image = isDeepPng(bytes) ? decodeDeepPng(bytes) : await decodeHere(bytes);
    return upright(image, orientationOf(bytes));
  } catch (error) {
    throw undecodable(name, error instanceof Error ? error.message : String(error));
  }
}

async function decodeHere(bytes: Uint8Array<ArrayBuffer>): Promise<RgbImage> {
  const bitmap = await createImageBitmap(new Blob([withoutExif(bytes)]), {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", {
    willReadFrequently: true,
  })!;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(width * height * 3);
  let isOpaque = true;
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    isOpaque &&= data[from + 3] === 255;
    pixels[to] = data[from];
    pixels[to + 1] = data[from + 1];
    pixels[to + 2] = data[from + 2];
  }
  // A canvas multiplies by alpha, and what is lost then does not come back.
  return isOpaque
    ? { width, height, pixels }
    : decodePngWithoutAlpha(bytes) ?? { width, height, pixels };
}
