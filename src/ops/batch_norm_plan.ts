// What the kernels of batch normalization are told of the planes they work on: arithmetic, no GPU.

/** Images, or other planes of pixels of any number of axes as one row. */
export interface Planes {
  readonly height: number;
  readonly width: number;
  /** whether windows of 2×2 pixels are pooled */
  readonly pool: boolean;
}

/** Sizes under the names that the kernels give them. */
export interface PlanesPlan {
  readonly params: Readonly<Record<string, number>>;
  /** what lanes share out of a plane: pixels, quads of them, or pairs of quads */
  readonly units: number;
}

/** `batch_norm.wgsl`: pixel by pixel. */
export function planPlanes({ height, width }: Planes): PlanesPlan {
  const pixels = height * width;
  return { params: { pixels }, units: pixels };
}

/** `batch_norm_quads.wgsl`: by quads, and with pooling by pairs of them, one above the other; 2×2 pixels are one quad. */
export function planQuadPlanes({ height, width, pool }: Planes): PlanesPlan {
  const quads = height * width / 4;
  const row_quads = pool ? Math.floor(width / 4) : 0; // 0 for squares too
  const units = row_quads > 0 ? quads / 2 : quads;
  return { params: { quads, units, row_quads }, units };
}
