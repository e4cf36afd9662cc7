// PNG and JPEG files to RGB bytes.

// `Image.decode` of imagescript instantiates its WebAssembly decoder and allocates for every image anew, which costs
// five times the decoding at these sizes. So its decoders are used directly, each instantiated once.
import jpegModule from "imagescript/wasm/node/jpeg.js";
import pngModule from "imagescript/wasm/node/png.js";
import { DataError } from "./data_error.ts";
import { isJpeg, isPng, sizeInHeader } from "./image_header.ts";

/** An image in memory. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** row-major `[height, width, 3]` */
  readonly pixels: Uint8Array;
}

/**
 * Decodes the bytes of a PNG or JPEG file; the name is for messages. Alpha is dropped, not blended.
 *
 * @throws {DataError} when the bytes are not a whole PNG or JPEG image, or one that would fill the memory
 */
export type ImageDecoder = (bytes: Uint8Array, name: string) => RgbImage;

/** What imagescript's decoder modules offer; the package declares types only for its main module. */
interface DecoderModule<Decoded> {
  init(): Promise<{ decode(bytes: Uint8Array): Decoded }>;
}

interface DecodedPng {
  readonly width: number;
  readonly height: number;
  /** RGBA bytes */
  readonly framebuffer: Uint8Array;
}

interface DecodedJpeg {
  readonly width: number;
  readonly height: number;
  readonly format: number;
  /** bytes with as many channels as the format has */
  readonly buffer: Uint8Array;
}

const channelsOfJpegFormat = [1, 3, 4];

/** As Pillow, which warns above: a file of some kilobytes can announce billions of pixels. */
const mostPixels = 2 ** 30 / 4 / 3;

/** Makes a decoder ready. It is synchronous, and not for use by two threads. */
export async function openImageDecoder(): Promise<ImageDecoder> {
  const png = await (pngModule as DecoderModule<DecodedPng>).init();
  const jpeg = await (jpegModule as DecoderModule<DecodedJpeg>).init();

  const decode = (bytes: Uint8Array): RgbImage => {
    if (isPng(bytes)) {
      const { width, height, framebuffer } = png.decode(bytes);
      return { width, height, pixels: toRgb(framebuffer, 4) };
    }
    const { width, height, format, buffer } = jpeg.decode(bytes);
    const channels = channelsOfJpegFormat[format];
    if (channels === 4) throw new Error("it is a JPEG file in CMYK colours, not in RGB");
    if (buffer.length !== width * height * channels) {
      throw new Error("it has more than 8 bits per channel");
    }
    return { width, height, pixels: toRgb(buffer, channels) };
  };

  return (bytes, name) => {
    try {
      expectDecodable(bytes);
      return decode(bytes);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new DataError(`Cannot decode ${name}: ${reason}; replace the file`);
    }
  };
}

/** Checks what is known before a single pixel is decoded. */
function expectDecodable(bytes: Uint8Array): void {
  if (!isPng(bytes) && !isJpeg(bytes)) throw new Error("it is neither a PNG nor a JPEG file");
  const size = sizeInHeader(bytes);
  if (size === null) throw new Error("its header is cut off");
  const { width, height } = size;
  if (width * height <= mostPixels) return;
  throw new Error(`its header announces ${width}x${height} pixels, too many to decode`);
}

/** Keeps the first three of four channels; repeats a single one. */
function toRgb(bytes: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return bytes;
  const pixels = new Uint8Array(bytes.length / channels * 3);
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  for (let from = 0, to = 0; from < bytes.length; from += channels, to += 3) {
    pixels[to] = bytes[from];
    pixels[to + 1] = bytes[from + green];
    pixels[to + 2] = bytes[from + blue];
  }
  return pixels;
}
