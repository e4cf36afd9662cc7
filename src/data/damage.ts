// Says in a user's words why a file is no image that can be decoded.

import crc32 from "crc-32";
import { isJpeg, isPng, sizeInHeader } from "./image_header.ts";
import { pngChunks } from "./image_parts.ts";

/** Formats by the text that their files have near their beginning. */
const formats: readonly (readonly [name: string, offset: number, text: string])[] = [
  ["a GIF file", 0, "GIF8"],
  ["a WebP file", 8, "WEBP"],
  ["a BMP file", 0, "BM"],
  ["a TIFF file", 0, "II*\0"],
  ["a TIFF file", 0, "MM\0*"],
  ["a HEIC file", 4, "ftyphei"],
  ["a HEIC file", 4, "ftyphev"],
  ["a HEIC file", 4, "ftypmif1"],
  ["an AVIF file", 4, "ftypavif"],
  ["a JPEG XL file", 4, "JXL "],
  ["a JPEG 2000 file", 4, "jP  "],
  ["a DICOM file", 128, "DICM"],
  ["a PDF file", 0, "%PDF"],
  ["a Photoshop file", 0, "8BPS"],
  ["an SVG file", 0, "<svg"],
  ["a web page", 0, "<!DOCTYPE"],
  ["a web page", 0, "<!doctype"],
  ["a web page", 0, "<html"],
  ["an XML file", 0, "<?xml"],
  ["a ZIP archive", 0, "PK\x03\x04"],
  ["a gzip archive", 0, "\x1f\x8b"],
  ["a pointer of Git LFS, not the image", 0, "version https://git-lfs"],
];

/**
 * What is wrong with a file that can be no image or could not be decoded.
 *
 * @param name of the file
 * @returns completes "Cannot decode x.jpg: "; null if it looks whole
 */
export function damageOf(bytes: Uint8Array, name: string): string | null {
  if (bytes.length === 0) return "the file is empty";
  if (!isPng(bytes) && !isJpeg(bytes)) return foreignFormat(bytes, name);
  if (sizeInHeader(bytes) === null) return `its header is cut off after ${bytes.length} bytes`;
  return isPng(bytes) ? damageOfPng(bytes) : damageOfJpeg(bytes);
}

function foreignFormat(bytes: Uint8Array, name: string): string {
  if (bytes.every((byte) => byte === 0)) {
    return "it is neither a PNG nor a JPEG file, but all zeros";
  }
  const beginning = String.fromCharCode(...bytes.subarray(0, 160));
  const format = formats.find(([, offset, text]) => beginning.startsWith(text, offset))?.[0];
  if (format === undefined) return "it is neither a PNG nor a JPEG file";
  const ending = name.match(/\.\w+$/)?.[0];
  return `it is ${format}${
    ending ? `, although its name ends in ${ending}` : ""
  }; save it as PNG or JPEG`;
}

function damageOfPng(bytes: Uint8Array): string | null {
  const chunks = pngChunks(bytes);
  const last = chunks.at(-1)!; // there is a header
  if (last.end > bytes.length) {
    return `it is cut off after ${bytes.length} of at least ${last.end} bytes`;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { type, start, end } of chunks) {
    const checksum = crc32.buf(bytes.subarray(start + 4, end - 4)) >>> 0;
    if (checksum !== view.getUint32(end - 4)) {
      return `it is damaged: the checksum (CRC) of its part ${type}, bytes ${start} to ${end}, is wrong`;
    }
  }
  return last.type === "IEND" ? null : `it is cut off after ${bytes.length} bytes, before its end`;
}

function damageOfJpeg(bytes: Uint8Array): string | null {
  return endsWithMarker(bytes) ? null : `it is cut off after ${bytes.length} bytes, before its end`;
}

/** Has a JPEG file its end marker, zeros behind it not counted? */
export function endsWithMarker(bytes: Uint8Array): boolean {
  const last = bytes.findLastIndex((byte) => byte !== 0);
  return bytes[last - 1] === 0xff && bytes[last] === 0xd9;
}
