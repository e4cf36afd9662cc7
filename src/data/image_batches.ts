// Images on the GPU: uploaded once as bytes, and made into batches by a kernel.

import source from "../../kernels/batch.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import type { Gpu } from "../tensor/gpu.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import type { Split } from "./dataset.ts";

const file = kernelFile("batch.wgsl", source);

/** A batch for a stack of models. */
export interface Batch {
  /** `[S, N, 3, size, size]`, in [−1, 1]; zeros where there is no image */
  readonly x: Tensor;
  /** `[S, N]` i32 */
  readonly labels: Tensor;
  /** `[S]` u32: how many rows are real */
  readonly counts: Tensor;
}

/** Images that are still to be augmented; one view of each serves all roles of a client. */
export interface ByteBatch {
  /** `[clients, N, size, size]` u32: red | green << 10 | blue << 20 */
  readonly pixels: Tensor;
  /** `[clients, N, 2]` u32: what separates the image's random numbers from those of others */
  readonly sources: Tensor;
}

/** A client's place in a stack. */
export interface Place {
  readonly client: number;
  /** models of each client */
  readonly roles: number;
}

/** Which images a step takes: `batchSize` of the first `images` in their order, the last one what is left. */
export interface Cut {
  readonly batchSize: number;
  readonly images: number;
}

/** One split of one client on the GPU. */
export class ImageSplit {
  readonly #chunks: { readonly images: Tensor; readonly first: number; readonly count: number }[];
  readonly #labels: Tensor;
  readonly #order: Tensor;

  /**
   * @param split byte images of `imageSize` pixels each way
   * @param stream separates this client's random numbers from those of the others
   */
  constructor(
    private readonly gpu: Gpu,
    readonly split: Split,
    private readonly imageSize: number,
    private readonly stream: number,
  ) {
    this.#chunks = uploadInChunks(gpu, split.images, imageSize ** 2 * 3);
    this.#labels = gpu.keep(gpu.tensor(Int32Array.from(split.labels)));
    this.#order = gpu.keep(gpu.tensor(Uint32Array.from({ length: this.size }, (_, i) => i)));
  }

  /** Number of images. */
  get size(): number {
    return this.split.labels.length;
  }

  /** The order in which images are taken from now on; at first, the one in which they are stored. */
  setOrder(order: Uint32Array<ArrayBuffer>): void {
    this.gpu.write(this.#order, order);
  }

  /**
   * Writes this client's rows of a batch as they are: the models `client · roles` and those after it.
   *
   * @param position `[2]` u32: step and epoch, read when the kernel runs
   * @param cut default: all images, in batches of as many rows as the batch has
   */
  gather(batch: Batch, position: Tensor, place: Place, cut?: Cut): void {
    this.#dispatch("gather", batch, position, { ...place, cut }, { x: batch.x });
  }

  /** Writes the bytes of this client's rows, to be augmented, and of the batch labels and counts. */
  gatherBytes(bytes: ByteBatch, batch: Batch, position: Tensor, place: Place, cut?: Cut): void {
    this.#dispatch("gather_bytes", batch, position, { ...place, cut }, { ...bytes });
  }

  #dispatch(
    entryPoint: string,
    batch: Batch,
    position: Tensor,
    { client, roles, cut }: Place & { readonly cut: Cut | undefined },
    outputs: Readonly<Record<string, Tensor>>,
  ): void {
    const rows = batch.x.shape[1];
    const { batchSize, images: samples } = cut ?? { batchSize: rows, images: this.size };
    for (const { images, first, count } of this.#chunks) {
      this.gpu.dispatch({
        file,
        entryPoint,
        params: {
          rows,
          batch_size: batchSize,
          size: this.imageSize,
          samples,
          client,
          roles,
          first_image: first,
          image_count: count,
          stream: this.stream,
        },
        buffers: {
          images,
          labels: this.#labels,
          order: this.#order,
          position,
          batch_labels: batch.labels,
          counts: batch.counts,
          ...outputs,
        },
        workgroups: [Math.ceil(this.imageSize / 32), Math.ceil(this.imageSize / 8), rows],
      });
    }
  }

  dispose(): void {
    for (const { images } of this.#chunks) images.dispose();
    this.#labels.dispose();
    this.#order.dispose();
  }
}

/** An uninitialised batch; each client of the stack has to `gather` its part. */
export function emptyBatch(gpu: Gpu, models: number, rows: number, imageSize: number): Batch {
  return {
    x: emptyTensor(gpu, [models, rows, 3, imageSize, imageSize]),
    labels: emptyTensor(gpu, [models, rows], "i32"),
    counts: emptyTensor(gpu, [models], "u32"),
  };
}

/** An uninitialised batch of bytes; each client has to `gatherBytes` its part. */
export function emptyByteBatch(
  gpu: Gpu,
  clients: number,
  rows: number,
  imageSize: number,
): ByteBatch {
  return {
    pixels: emptyTensor(gpu, [clients, rows, imageSize, imageSize], "u32"),
    sources: emptyTensor(gpu, [clients, rows, 2], "u32"),
  };
}

/** As few buffers as the adapter's largest binding allows. */
function uploadInChunks(gpu: Gpu, bytes: Uint8Array, imageBytes: number) {
  const limit = gpu.adapter.limits.maxStorageBufferBindingSize;
  const perChunk = Math.floor((limit - 4) / imageBytes);
  const total = bytes.length / imageBytes;
  return Array.from({ length: Math.ceil(total / perChunk) }, (_, chunk) => {
    const first = chunk * perChunk;
    const count = Math.min(perChunk, total - first);
    const part = bytes.slice(first * imageBytes, (first + count) * imageBytes);
    return { images: gpu.keep(gpu.tensor(part)), first, count };
  });
}
