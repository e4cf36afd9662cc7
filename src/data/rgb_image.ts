// An image in memory, as decoders give it and the cache keeps it.

/** Decodes the bytes of an image file, at once or later; the name is for messages. */
export type AnyDecoder = (
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
) => RgbImage | Promise<RgbImage>;

/** An image in memory. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** row-major `[height, width, 3]` */
  readonly pixels: Uint8Array;
  /** what its owner should know about it, completing "3 images: …" */
  readonly notes?: readonly string[];
}
