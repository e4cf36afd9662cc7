// The official training augmentation: random parameters for every image, and the steps that apply them.

import source from "../../kernels/augment.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import type { GpuRuntime } from "../gpu/runtime.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import type { Batch, ByteBatch } from "./image_batches.ts";

const file = kernelFile("augment.wgsl", source);

/** Words of a `Draw` in the kernel: the parameters of one image. */
export const drawWords = 12;

/** How a batch is augmented. */
export interface AugmentOptions {
  /** `[2]` u32: step and epoch, read when the kernels run */
  readonly position: Tensor;
  readonly seed: number;
  /** models of each client */
  readonly roles: number;
  /** whether each role sees the images differently; otherwise all see the same */
  readonly byRole: boolean;
}

/** Images in pixels, and in how many ways each of them is seen. */
interface Images {
  readonly width: number;
  readonly height: number;
  /** `clients · rows` of them */
  readonly count: number;
  readonly rows: number;
  readonly roles: number;
  readonly views: number;
}

/**
 * Fills `batch.x` with augmented images. The parameters of an image follow from seed, client, role (with
 * `byRole`), epoch and its index alone: neither batch nor order nor grouping changes its pixels.
 */
export function augmentBatch(bytes: ByteBatch, batch: Batch, options: AugmentOptions): void {
  applyDraws(bytes, batch, drawParameters(bytes, options), options.roles);
}

/** @returns `[views, clients · rows, drawWords]`, with one view or one for each role */
export function drawParameters(
  { pixels, sources }: ByteBatch,
  { position, seed, roles, byRole }: AugmentOptions,
): Tensor {
  const images = imagesOf(pixels, roles, byRole ? roles : 1);
  const drawn = emptyTensor(pixels.gpu, [images.views, images.count, drawWords], "u32");
  pixels.gpu.dispatch({
    file,
    entryPoint: "draw",
    params: paramsOf(images, seed),
    buffers: { sources, position, drawn },
    workgroups: [Math.ceil(images.views * images.count / 64)],
  });
  return drawn;
}

/** Fills `batch.x` with images augmented by given parameters, `[views, clients · rows, drawWords]`. */
export function applyDraws(
  { pixels }: Pick<ByteBatch, "pixels">,
  { x, counts }: Pick<Batch, "x" | "counts">,
  draws: Tensor,
  roles: number,
): void {
  const images = imagesOf(pixels, roles, draws.shape[0]);
  const { gpu } = pixels;
  const shape = [images.views, images.count, images.height, images.width];
  const recoloured = emptyTensor(gpu, shape, "u32");
  const smoothed = emptyTensor(gpu, shape, "u32");
  dispatch(gpu, "recolour", images, { draws, input: pixels, output: recoloured });
  dispatch(gpu, "smooth_or_noise", images, { draws, input: recoloured, output: smoothed });
  dispatch(gpu, "warp", images, { draws, input: smoothed, counts, x });
}

function dispatch(
  gpu: GpuRuntime,
  entryPoint: string,
  images: Images,
  buffers: Readonly<Record<string, Tensor>>,
): void {
  gpu.dispatch({
    file,
    entryPoint,
    params: paramsOf(images),
    buffers,
    workgroups: [
      Math.ceil(images.width / 32),
      Math.ceil(images.height / 8),
      images.views * images.count,
    ],
  });
}

function imagesOf({ shape: [clients, rows, height, width] }: Tensor, roles: number, views: number) {
  return { width, height, count: clients * rows, rows, roles, views };
}

/** The seed matters for `draw` alone. */
function paramsOf({ count, ...sizes }: Images, seed = 0): Record<string, number> {
  return { ...sizes, images: count, seed };
}
