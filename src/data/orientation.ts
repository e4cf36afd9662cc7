// The orientation that a camera notes in a PNG or JPEG file, and images turned the way it says.

import { exifOf } from "./exif.ts";
import type { RgbImage } from "./rgb_image.ts";

/**
 * The EXIF tag Orientation (CIPA DC-008, 4.6.4): 1 for an image that is stored upright, 2 to 8 for the other ways. What
 * is unreadable counts as 1, as in every viewer.
 */
export function orientationOf(bytes: Uint8Array): number {
  const tiff = exifOf(bytes);
  return tiff === undefined ? 1 : orientationInTiff(tiff);
}

const orientationTag = 0x0112;
const shortType = 3;

/** In the first directory; the file's own byte order comes first. */
function orientationInTiff(tiff: Uint8Array): number {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  if (view.byteLength < 8) return 1;
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return 1;
  const littleEndian = order === 0x4949;
  const directory = view.getUint32(4, littleEndian);
  if (directory + 2 > view.byteLength) return 1;
  const entries = view.getUint16(directory, littleEndian);
  for (let entry = 0; entry < entries; entry++) {
    const at = directory + 2 + 12 * entry;
    if (at + 12 > view.byteLength) return 1;
    if (view.getUint16(at, littleEndian) !== orientationTag) continue;
    const value = view.getUint16(at + 8, littleEndian);
    const isValid = view.getUint16(at + 2, littleEndian) === shortType && value >= 1 && value <= 8;
    return isValid ? value : 1;
  }
  return 1;
}

/**
 * The image as it is to be seen.
 *
 * @param orientation as of `orientationOf()`: 2 mirrored, 3 upside down, 4 both, 5 to 8 with rows for columns
 */
export function upright(image: RgbImage, orientation: number): RgbImage {
  if (orientation === 1) return image;
  const isTransposed = orientation >= 5;
  const [width, height] = isTransposed ? [image.height, image.width] : [image.width, image.height];
  // Where the stored first row and first column are seen: at the bottom, at the right.
  const fromRight = [2, 3, 6, 7].includes(orientation);
  const fromBottom = [3, 4, 7, 8].includes(orientation);
  const pixels = new Uint8Array(image.pixels.length);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      const across = fromRight ? width - 1 - x : x;
      const down = fromBottom ? height - 1 - y : y;
      const [column, row] = isTransposed ? [down, across] : [across, down];
      const from = 3 * (row * image.width + column);
      pixels[to] = image.pixels[from];
      pixels[to + 1] = image.pixels[from + 1];
      pixels[to + 2] = image.pixels[from + 2];
    }
  }
  return { ...image, width, height, pixels };
}
