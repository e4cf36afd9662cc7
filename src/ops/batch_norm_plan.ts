// What the kernels of batch normalization are told of the planes they work on: arithmetic, no GPU.

import type { PlannedAdapter } from "./tiles.ts";

/** Images, or other planes of pixels of any number of axes as one row. */
export interface Planes {
  readonly height: number;
  readonly width: number;
  /** whether windows of 2×2 pixels are pooled */
  readonly pool: boolean;
  /** images */
  readonly rows: number;
  readonly channels: number;
}

/** Sizes under the names that the kernels give them. */
export interface PlanesPlan {
  readonly params: Readonly<Record<string, number>>;
  /** what lanes share out of a plane: pixels, quads of them, or pairs of quads */
  readonly units: number;
  /** of rows, in which sums over a channel are divided */
  readonly ranges: number;
}

/** Workgroups that the sums of one model should have on a card, and quads that are worth one. */
const wantedWorkgroups = 512;
const quadsPerRange = 512;

/** `batch_norm.wgsl`: pixel by pixel. */
export function planPlanes({ height, width }: Planes): PlanesPlan {
  const pixels = height * width;
  return { params: { pixels }, units: pixels, ranges: 1 };
}

/** `batch_norm_quads.wgsl`: by quads, and with pooling by pairs of them, one above the other; 2×2 pixels are one quad. */
export function planQuadPlanes(
  { height, width, pool, rows, channels }: Planes,
  { kind }: PlannedAdapter,
): PlanesPlan {
  const quads = height * width / 4;
  const row_quads = pool ? Math.floor(width / 4) : 0; // 0 for squares too
  const units = row_quads > 0 ? quads / 2 : quads;
  const most = Math.min(rows, Math.floor(rows * quads / quadsPerRange));
  const wanted = Math.min(most, Math.ceil(wantedWorkgroups / channels));
  const ranges = kind === "cpu" ? 1 : Math.max(1, wanted);
  return { params: { quads, units, row_quads, ranges }, units, ranges };
}
