// Pictures augmented with given parameters.

import { applyDraws, drawWords } from "../../src/data/augmentation.ts";
import { emptyTensor } from "../../src/tensor/tensor.ts";
import { gpu } from "../gpu.ts";
import { type Draw, packDraws } from "./draws.ts";

/** Images of one size, RGB `[height, width, 3]`, each with what happens to it. */
export interface Pictures {
  readonly height: number;
  readonly width: number;
  readonly pictures: readonly (ArrayLike<number>)[];
  readonly draws: readonly Draw[];
}

/** `[picture][height, width, 3]`, normalized, one model and one view of each. */
export async function augmentPictures(
  { height, width, pictures, draws }: Pictures,
): Promise<Float32Array[]> {
  using _scope = gpu.scope();
  const rows = pictures.length;
  const pixels = gpu.tensor(
    Uint32Array.from(pictures.flatMap((picture) => packPixels(picture))),
    [1, rows, height, width],
  );
  const x = emptyTensor(gpu, [1, rows, 3, height, width]);
  const counts = gpu.tensor(Uint32Array.of(rows));
  applyDraws({ pixels }, { x, counts }, gpu.tensor(packDraws(draws), [1, rows, drawWords]), 1);
  const values = await x.read();
  const area = height * width;
  return pictures.map((_, row) =>
    Float32Array.from(
      { length: 3 * area },
      (_, i) => values[row * 3 * area + i % 3 * area + Math.floor(i / 3)],
    )
  );
}

/** A word for each pixel, as the kernels have them between two steps. */
export function packPixels(bytes: ArrayLike<number>): number[] {
  return Array.from(
    { length: bytes.length / 3 },
    (_, i) => bytes[3 * i] + bytes[3 * i + 1] * 2 ** 10 + bytes[3 * i + 2] * 2 ** 20,
  );
}

/** Bytes `[…, 3]`. */
export function unpackPixels(pixels: ArrayLike<number>): number[] {
  return Array.from(pixels).flatMap((pixel) => [0, 10, 20].map((shift) => pixel >>> shift & 1023));
}
