// The memory of a split's images, if there is so much.

import { DataError } from "./data_error.ts";

/**
 * Memory for RGB bytes, `[count, imageSize, imageSize, 3]`, all 0.
 *
 * @throws {DataError} if there is not so much
 */
export function allocateImages(count: number, imageSize: number): Uint8Array<ArrayBuffer> {
  const bytes = count * imageSize * imageSize * 3;
  try {
    return new Uint8Array(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DataError(
      `Cannot hold ${count} images of ${imageSize}×${imageSize} pixels in memory: they take ` +
        `${Math.ceil(bytes / 1e9)} GB; choose fewer or smaller images`,
    );
  }
}
