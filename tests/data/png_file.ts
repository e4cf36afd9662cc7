// PNG files of any depth and colour type, byte by byte as the standard has them.

import { crc32, deflateSync } from "node:zlib";

/** What the header of a PNG file says. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** bits per channel */
  readonly depth: 8 | 16;
  /** 0 grey, 2 RGB, 4 grey with alpha, 6 RGBA */
  readonly colourType: 0 | 2 | 4 | 6;
}

/**
 * A file of unfiltered rows; `bytes` are those of all rows, most significant byte first.
 *
 * @param exif content of a chunk eXIf before the pixels
 */
export function pngFile(header: PngHeader, bytes: Uint8Array, exif?: Uint8Array): Uint8Array {
  const { width, height, depth, colourType } = header;
  const head = new DataView(new ArrayBuffer(13));
  head.setUint32(0, width);
  head.setUint32(4, height);
  head.setUint8(8, depth);
  head.setUint8(9, colourType);
  const stride = bytes.length / height;
  const rows = Array.from(
    { length: height },
    (_, y) => [0, ...bytes.subarray(y * stride, (y + 1) * stride)], // 0: no filter
  );
  return concatenated([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", new Uint8Array(head.buffer)),
    ...(exif === undefined ? [] : [chunk("eXIf", exif)]),
    chunk("IDAT", deflateSync(Uint8Array.from(rows.flat()))),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const content = concatenated([new TextEncoder().encode(type), data]);
  const frame = new DataView(new ArrayBuffer(8));
  frame.setUint32(0, data.length);
  frame.setUint32(4, crc32(content));
  const [length, checksum] = [0, 4].map((at) => new Uint8Array(frame.buffer, at, 4));
  return concatenated([length, content, checksum]);
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
