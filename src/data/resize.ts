// Resizing images by area averaging, exactly.

import type { RgbImage } from "./rgb_image.ts";

/** The source pixels under one target pixel, along one axis. */
interface Window {
  /** index of the first of them */
  readonly first: number;
  /** their overlaps with the target pixel, in units of 1/`size` of a source pixel */
  readonly overlaps: readonly number[];
}

/**
 * Makes an image a square; every target pixel is the mean over the area it covers, rounded half up. An image that is
 * enlarged shows its pixels as blocks.
 *
 * @param size height and width of the result, pixels
 * @returns RGB bytes, `[size, size, 3]`; the image's own bytes where nothing is to do
 */
export function areaAverage(image: RgbImage, size: number): Uint8Array {
  const { width, height, pixels } = image;
  if (width === size && height === size) return pixels;

  // All overlaps are whole numbers, so the sums below are exact, whatever their order.
  const rows = sumRows(image, windowsOf(width, size));
  const area = width * height;
  const result = new Uint8Array(size * size * 3);
  windowsOf(height, size).forEach(({ first, overlaps }, y) => {
    for (let column = 0; column < size * 3; column++) {
      let sum = 0;
      for (let k = 0; k < overlaps.length; k++) {
        sum += overlaps[k] * rows[(first + k) * size * 3 + column];
      }
      result[y * size * 3 + column] = Math.floor(sum / area + 0.5);
    }
  });
  return result;
}

/** Weighted sums along x: `[height, size, 3]`. */
function sumRows({ width, height, pixels }: RgbImage, windows: readonly Window[]): Float64Array {
  const sums = new Float64Array(height * windows.length * 3);
  for (let y = 0, to = 0; y < height; y++) {
    for (const { first, overlaps } of windows) {
      for (let channel = 0; channel < 3; channel++, to++) {
        let from = (y * width + first) * 3 + channel;
        for (let k = 0; k < overlaps.length; k++, from += 3) sums[to] += overlaps[k] * pixels[from];
      }
    }
  }
  return sums;
}

/** Target pixel t covers `[t · length, (t + 1) · length)` where source pixel s covers `[s · size, (s + 1) · size)`. */
function windowsOf(length: number, size: number): Window[] {
  return Array.from({ length: size }, (_, target) => {
    const [start, end] = [target * length, (target + 1) * length];
    const first = Math.floor(start / size);
    const count = Math.ceil(end / size) - first;
    const overlaps = Array.from({ length: count }, (_, k) => {
      const source = (first + k) * size;
      return Math.min(end, source + size) - Math.max(start, source);
    });
    return { first, overlaps };
  });
}
