// The size that a PNG or JPEG file announces, read without decoding it.

import { jpegSegments } from "./image_parts.ts";

/** Pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** What the header says; null where there is none to read. */
export function sizeInHeader(bytes: Uint8Array): ImageSize | null {
  if (isPng(bytes)) return sizeOfPng(bytes);
  return isJpeg(bytes) ? sizeOfJpeg(bytes) : null;
}

export function isPng(bytes: Uint8Array): boolean {
  return bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47;
}

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/** IHDR is always the first chunk. */
function sizeOfPng(bytes: Uint8Array): ImageSize | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.byteLength < 24 ? null : { width: view.getUint32(16), height: view.getUint32(20) };
}

/** Channels of a JPEG file: 1 grey, 3 colours, 4 CMYK; null where its header does not tell. */
export function channelsOfJpeg(bytes: Uint8Array): number | null {
  return frameOfJpeg(bytes)?.[5] ?? null;
}

/** The first frame header, which segments of any number and length come before. */
function frameOfJpeg(bytes: Uint8Array): Uint8Array | undefined {
  return jpegSegments(bytes).find(({ marker }) => isFrameHeader(marker))?.data;
}

function sizeOfJpeg(bytes: Uint8Array): ImageSize | null {
  const frame = frameOfJpeg(bytes);
  if (frame === undefined || frame.length < 5) return null;
  const [, height, heightLow, width, widthLow] = frame; // behind the bits per channel
  return { width: width << 8 | widthLow, height: height << 8 | heightLow };
}

/** SOF0 to SOF15, but for three markers in their midst: DHT, JPG and DAC. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}
