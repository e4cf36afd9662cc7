// RGB bytes to PNG files.

// The package's main module asks for permission to load native code, which its encoder in JavaScript does not need.
import * as untyped from "imagescript/png/src/png.mjs";
import type { RgbImage } from "./rgb_image.ts";

const png = untyped as unknown as {
  /** `level` of compression from 0 to 9 */
  encode(
    data: Uint8Array,
    options: { width: number; height: number; channels: 3; level: number },
  ): Uint8Array<ArrayBuffer>;
};

/** A PNG file of 8 bits per channel. */
export function encodePng({ width, height, pixels }: RgbImage): Uint8Array<ArrayBuffer> {
  return png.encode(pixels, { width, height, channels: 3, level: 6 });
}
