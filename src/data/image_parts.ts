// The parts of PNG and JPEG files before their pixels are decoded: chunks and segments.

/** One chunk of a PNG file. */
export interface PngChunk {
  /** four letters */
  readonly type: string;
  /** offset of its length in the file, bytes */
  readonly start: number;
  /** offset behind its checksum; beyond the file where this is cut off */
  readonly end: number;
  /** as much of its content as is there */
  readonly data: Uint8Array;
}

/** The chunks in their order, up to the end or to where the file is cut off. */
export function pngChunks(bytes: Uint8Array): PngChunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: PngChunk[] = [];
  for (let start = 8; start + 8 <= bytes.length;) {
    const length = view.getUint32(start);
    const type = String.fromCharCode(...bytes.subarray(start + 4, start + 8));
    const end = start + 12 + length;
    chunks.push({ type, start, end, data: bytes.subarray(start + 8, start + 8 + length) });
    if (type === "IEND") break;
    start = end;
  }
  return chunks;
}

/** One segment of a JPEG file. */
export interface JpegSegment {
  /** second byte of its marker */
  readonly marker: number;
  readonly data: Uint8Array;
}

/** First byte of every marker. */
const prefix = 0xff;
const startOfScan = 0xda;

/** The segments before the first scan. */
export function jpegSegments(bytes: Uint8Array): JpegSegment[] {
  const segments: JpegSegment[] = [];
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === prefix;) {
    const marker = bytes[at + 1];
    if (marker === prefix) {
      at++; // padding
      continue;
    }
    if (marker === startOfScan) break;
    const length = bytes[at + 2] << 8 | bytes[at + 3];
    segments.push({ marker, data: bytes.subarray(at + 4, at + 2 + length) });
    at += 2 + length;
  }
  return segments;
}
