// PNG files that other decoders give otherwise than their values are: of 16 bits per channel, or with alpha.

import { convertIndexedToRgb, decode } from "fast-png";
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
  const pixels = colourBytes(data, channels, bits - 8);
  if (bits === 16) return { width, height, pixels };
  const notes = [`only ${bits} of 16 bits are used, so these were taken for all there are`];
  return { width, height, pixels, notes };
}

/**
 * Decodes a PNG file of at most 8 bits per channel, whose alpha is dropped: no colour is multiplied by it.
 *
 * @returns null for greys of fewer than 8 bits
 * @throws {Error} when the bytes are no such file
 */
export function decodePngWithoutAlpha(bytes: Uint8Array): RgbImage | null {
  const decoded = decode(bytes, { checkCrc: true });
  const { width, height, channels, data, depth, palette } = decoded;
  if (palette !== undefined) {
    return { width, height, pixels: colourBytes(convertIndexedToRgb(decoded), palette[0].length) };
  }
  return depth === 8 ? { width, height, pixels: colourBytes(data, channels) } : null;
}

/** The first three channels, or the first one as all three. */
function colourBytes(
  data: ArrayLike<number>,
  channels: number,
  shift = 0,
): Uint8Array {
  const colours = channels < 3 ? 1 : 3;
  const pixels = new Uint8Array(data.length / channels * 3);
  for (let pixel = 0; 3 * pixel < pixels.length; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      pixels[3 * pixel + channel] = data[pixel * channels + channel % colours] >> shift;
    }
  }
  return pixels;
}
