// Images between bytes and canvases.

/// <reference lib="dom" />

import { sizeInHeader } from "../data/image_header.ts";
import { areaAverage } from "../data/resize.ts";

/** Draws square RGB images beside each other. */
export function draw(canvas: HTMLCanvasElement, bytes: Uint8Array, size: number): void {
  const count = bytes.length / (3 * size ** 2);
  Object.assign(canvas, { width: count * size, height: size });
  const context = canvas.getContext("2d")!;
  for (let k = 0; k < count; k++) {
    const image = context.createImageData(size, size);
    for (let at = 0; at < size ** 2; at++) {
      const from = 3 * (k * size ** 2 + at);
      image.data.set([bytes[from], bytes[from + 1], bytes[from + 2], 255], 4 * at);
    }
    context.putImageData(image, k * size, 0);
  }
}

/** More would fill the memory of a small computer, and some browsers have no canvas for it. */
const mostPixels = 100_000_000;

/** In which the size of a file stands; what a camera writes before it in a JPEG file is shorter. */
const headerBytes = 1 << 20;

/**
 * Decodes an image file as the browser can, upright as its camera noted, and squeezes it to a square as training
 * images are. Colours are taken as they are stored; what is transparent lies on white.
 *
 * @param size height and width of the result, pixels
 * @returns RGB bytes, `[size, size, 3]`
 * @throws {Error} saying what is wrong with the file, and what to do
 */
export async function readImage(file: File, size: number): Promise<Uint8Array<ArrayBuffer>> {
  // PNG and JPEG announce their size: a file of some kilobytes may announce more than any memory holds.
  expectSmall(file, sizeInHeader(new Uint8Array(await file.slice(0, headerBytes).arrayBuffer())));
  const bitmap = await decode(file);
  const { width, height } = bitmap;
  try {
    expectSmall(file, bitmap);
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d", { willReadFrequently: true })!; // in plain memory, at once
    context.fillStyle = "white";
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    const pixels = new Uint8Array(width * height * 3);
    for (let from = 0, to = 0; from < data.length; from += 4) {
      pixels[to++] = data[from];
      pixels[to++] = data[from + 1];
      pixels[to++] = data[from + 2];
    }
    return Uint8Array.from(areaAverage({ width, height, pixels }, size));
  } finally {
    bitmap.close();
  }
}

function expectSmall(
  { name }: File,
  size: { readonly width: number; readonly height: number } | null,
): void {
  if (size === null || size.width * size.height <= mostPixels) return;
  throw new Error(`${name} has ${size.width} × ${size.height} pixels; choose a smaller image`);
}

async function decode(file: File): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { colorSpaceConversion: "none" });
  } catch {
    throw new Error(
      `${file.name} is no image that this browser can read; choose a PNG, JPEG or WebP file`,
    );
  }
}
