// Text of the encodings in which tables are saved: UTF-8, and UTF-16 as Excel's "Unicode text" is.

import { DataError } from "./data_error.ts";

/**
 * Decodes a table's bytes. A byte order mark decides; without one, UTF-16 is recognized by its zero bytes.
 *
 * @param path the file's path, for the message
 * @throws {DataError} unless the bytes are UTF-8 or UTF-16
 */
export function decodeText(bytes: Uint8Array, path: string): string {
  const encoding = encodingOf(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new DataError(
      `Cannot read ${path}: its text is neither UTF-8 nor UTF-16; save it as UTF-8`,
    );
  }
}

function encodingOf(bytes: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  // The header of a table is mostly ASCII, and every other byte of that is zero.
  if (first === 0 && second !== 0 && bytes.length > 1) return "utf-16be";
  if (second === 0 && first !== 0) return "utf-16le";
  return "utf-8";
}
