// PNG files of 16 bits per channel to bytes, whichever part of the 16 bits their values use.

import { decode } from "fast-png";
import { isPng } from "./image_header.ts";
import type { RgbImage } from "./rgb_image.ts";

/** Offset of the bits per channel in a PNG file. */
const depthAt = 24;

/** Is it a PNG file of 16 bits per channel? */
export function isDeepPng(bytes: Uint8Array): boolean {
  return isPng(bytes) && bytes[depthAt] === 16;
}

/** What scanners and microscopes deliver, and their programs store in the lower of 16 bits. */
const usualBits = [8, 10, 12];

/**
 * Decodes a PNG file of 16 bits per channel. Of an image that uses fewer bits, by its brightest value, these are
 * kept: in the upper byte of 16 bits there would be next to nothing. Alpha is dropped.
 *
 * @throws {Error} when the bytes are no such file
 */
export function decodeDeepPng(bytes: Uint8Array): RgbImage {
  const { width, height, channels, data } = decode(bytes, { checkCrc: true });
  const colours = channels < 3 ? 1 : 3;
  let most = 0;
  for (let at = 0; at < data.length; at++) {
    if (at % channels < colours && data[at] > most) most = data[at];
  }
  const bits = most === 0 ? 16 : usualBits.find((bits) => most < 2 ** bits) ?? 16;
  const shift = bits - 8;
  const pixels = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      pixels[3 * pixel + channel] = data[pixel * channels + channel % colours] >> shift;
    }
  }
  if (bits === 16) return { width, height, pixels };
  const notes = [`only ${bits} of 16 bits are used, so these were taken for all there are`];
  return { width, height, pixels, notes };
}
