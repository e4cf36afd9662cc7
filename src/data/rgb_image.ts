// An image in memory, as decoders give it and the cache keeps it.

/** An image in memory. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** row-major `[height, width, 3]` */
  readonly pixels: Uint8Array;
  /** what its owner should know about it, completing "3 images: …" */
  readonly notes?: readonly string[];
}
