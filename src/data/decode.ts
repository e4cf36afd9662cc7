// PNG and JPEG files to RGB bytes.

// `Image.decode` of imagescript instantiates its WebAssembly decoder and allocates for every image anew, which costs
// five times the decoding at these sizes. So its decoders are used directly, each instantiated once.
import jpegModule from "imagescript/wasm/node/jpeg.js";
import pngModule from "imagescript/wasm/node/png.js";
import { damageOf, endsWithMarker } from "./damage.ts";
import { expectDecodable, undecodable } from "./decodable.ts";
import { decodeDeepPng, isDeepPng } from "./deep_png.ts";
import { isPng } from "./image_header.ts";
import { jpegSegments } from "./image_parts.ts";
import { orientationOf, upright } from "./orientation.ts";
import type { RgbImage } from "./rgb_image.ts";

/**
 * Decodes the bytes of a PNG or JPEG file and turns the image as its EXIF orientation says; the name is for messages.
 * Alpha is dropped, not blended.
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

/** Makes a decoder ready. It is synchronous, and not for use by two threads. */
export async function openImageDecoder(): Promise<ImageDecoder> {
  const png = await (pngModule as DecoderModule<DecodedPng>).init();
  const jpeg = await (jpegModule as DecoderModule<DecodedJpeg>).init();

  const decodePng = (bytes: Uint8Array): RgbImage => {
    if (isDeepPng(bytes)) return decodeDeepPng(bytes);
    const { width, height, framebuffer } = png.decode(bytes);
    return { width, height, pixels: toRgb(framebuffer, 4) };
  };

  const decodeJpeg = (bytes: Uint8Array): RgbImage => {
    const { width, height, format, buffer } = jpeg.decode(bytes);
    const channels = channelsOfJpegFormat[format];
    if (channels === 4) throw new Error("it is a JPEG file in CMYK colours, not in RGB");
    if (buffer.length !== width * height * channels) {
      throw new Error("it has more than 8 bits per channel");
    }
    return { width, height, pixels: toRgb(buffer, channels) };
  };

  const decode = (bytes: Uint8Array): RgbImage => {
    if (isPng(bytes)) return decodePng(bytes);
    if (endsWithMarker(bytes) || !isBaseline(bytes)) return decodeJpeg(bytes);
    const image = decodeWithoutEnd(bytes, decodeJpeg);
    return { ...image, notes: ["the end marker of JPEG is missing, and nothing else"] };
  };

  return (bytes, name) => {
    expectDecodable(bytes, name);
    try {
      return upright(decode(bytes), orientationOf(bytes));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw undecodable(name, damageOf(bytes, name) ?? reason);
    }
  };
}

/** What JPEG ends with. */
const endMarker = [0xff, 0xd9];

/** Two fillings that no decoder takes for the same picture. */
const fillings = [0xaa, 0x55];

/** More than any decoder reads ahead, bytes. */
const fillingLength = 512;

/**
 * Decodes a JPEG file that lacks only its end marker. Whether anything else is missing shows where bits that are
 * appended change the picture.
 *
 * @throws {Error} if they do
 */
function decodeWithoutEnd(bytes: Uint8Array, decode: (bytes: Uint8Array) => RgbImage): RgbImage {
  const followedBy = (filling: readonly number[]) =>
    decode(Uint8Array.from([...bytes, ...filling, ...endMarker]));
  const image = followedBy([]);
  for (const filling of fillings) {
    const { pixels } = followedBy(new Array(fillingLength).fill(filling));
    if (pixels.some((byte, index) => byte !== image.pixels[index])) {
      throw new Error("it is cut off");
    }
  }
  return image;
}

/** Has a JPEG file all of a pixel in one place? Of a progressive one whole scans could be missing. */
function isBaseline(bytes: Uint8Array): boolean {
  return jpegSegments(bytes).some(({ marker }) => marker === 0xc0 || marker === 0xc1);
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
