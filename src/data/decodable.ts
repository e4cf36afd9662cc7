// What is told of an image file before it is decoded, and the error where it cannot be.

import { damageOf } from "./damage.ts";
import { DataError } from "./data_error.ts";
import { sizeInHeader } from "./image_header.ts";

/** As Pillow, which warns above: a file of some kilobytes can announce billions of pixels. */
const mostPixels = 2 ** 30 / 4 / 3;

/**
 * Checks what is known before a single pixel is decoded.
 *
 * @throws {DataError} if its header is damaged, or announces more than a memory holds
 */
export function expectDecodable(bytes: Uint8Array, name: string): void {
  const size = sizeInHeader(bytes);
  if (size === null) throw undecodable(name, damageOf(bytes, name) ?? "its header is damaged");
  const { width, height } = size;
  const announced = `its header announces ${width}x${height} pixels`;
  if (width * height > mostPixels) throw undecodable(name, `${announced}, too many to decode`);
  if (width * height === 0) throw undecodable(name, announced);
}

/** The error that names the file and what is wrong with it. */
export function undecodable(name: string, reason: string): DataError {
  return new DataError(`Cannot decode ${name}: ${reason}; replace the file`);
}
