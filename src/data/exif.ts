// What cameras note in PNG and JPEG files (EXIF): found, or taken out.

import { isPng } from "./image_header.ts";
import { jpegSegments, pngChunks } from "./image_parts.ts";

/** "Exif" and two zero bytes. */
const header = [0x45, 0x78, 0x69, 0x66, 0, 0];
const app1 = 0xe1;

/** The notes as a TIFF file; undefined where there are none. */
export function exifOf(bytes: Uint8Array): Uint8Array | undefined {
  if (isPng(bytes)) return pngChunks(bytes).find(({ type }) => type === "eXIf")?.data;
  return exifSegments(bytes)[0]?.subarray(header.length);
}

/** The file without them, for decoders that would follow them. */
export function withoutExif(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (!isPng(bytes)) {
    const segments = exifSegments(bytes);
    if (segments.length === 0) return bytes;
    const copy = bytes.slice();
    for (const segment of segments) { // a segment of another kind, which nobody reads
      const at = segment.byteOffset - bytes.byteOffset;
      copy.fill(0, at, at + header.length);
    }
    return copy;
  }
  const notes = pngChunks(bytes).filter(({ type }) => type === "eXIf");
  const kept = new Uint8Array(
    notes.reduce((sum, { start, end }) => sum - end + start, bytes.length),
  );
  let [from, to] = [0, 0];
  for (const { start, end } of [...notes, { start: bytes.length, end: bytes.length }]) {
    kept.set(bytes.subarray(from, start), to);
    to += start - from;
    from = end;
  }
  return kept;
}

function exifSegments(bytes: Uint8Array): Uint8Array[] {
  return jpegSegments(bytes).flatMap(({ marker, data }) =>
    marker === app1 && header.every((byte, index) => data[index] === byte) ? [data] : []
  );
}
