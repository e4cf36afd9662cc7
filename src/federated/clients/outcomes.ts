// What the models of a stack said about every image of a split: stored on the GPU, read once, scored.

import source from "../../../kernels/outcomes.wgsl" with { type: "text" };
import type { Batch } from "../../data/image_batches.ts";
import { kernelFile } from "../../gpu/kernel.ts";
import { accuracy, macroF1, type Metrics, rocAucOvr } from "../../metrics/classification.ts";
import { mean } from "../../metrics/statistics.ts";
import type { Gpu } from "../../tensor/gpu.ts";
import { emptyTensor, type Tensor } from "../../tensor/tensor.ts";
import { DivergenceError } from "../errors.ts";

const file = kernelFile("outcomes.wgsl", source);

/** One model's outcomes on one split, in the order in which the images were taken. */
export interface Outcomes {
  readonly metrics: Metrics;
  /** mean cross-entropy of each batch, nats */
  readonly batchLosses: readonly number[];
  /** row-major `[images, classes]` */
  readonly probabilities: Float32Array<ArrayBuffer>;
}

/** What one model said about images, in the order in which they were taken: `[images, 2 + classes]`, row-major. */
export type OutcomeRows = Float32Array<ArrayBuffer>;

/** An epoch-long buffer of outcomes. */
export class OutcomeBuffer {
  readonly #outcomes: Tensor;

  /** Room for `capacity` rows of each of `models` models. */
  constructor(
    private readonly gpu: Gpu,
    models: number,
    private readonly capacity: number,
    private readonly classes: number,
  ) {
    this.#outcomes = gpu.keep(emptyTensor(gpu, [models, capacity, 2 + classes]));
  }

  /**
   * Stores a batch's logits `[S, N, classes]` at the step that `position` holds when the kernel runs.
   *
   * @param batchSize images of every step but the last; default N
   */
  store(logits: Tensor, batch: Batch, position: Tensor, batchSize = logits.shape[1]): void {
    const [models, rows, classes] = logits.shape;
    logits.gpu.dispatch({
      file,
      entryPoint: "store",
      params: { rows, batch_size: batchSize, classes, capacity: this.capacity },
      buffers: {
        logits,
        labels: batch.labels,
        counts: batch.counts,
        position,
        outcomes: this.#outcomes,
      },
      workgroups: [Math.ceil(rows / 32), models],
    });
  }

  /**
   * Reads what is stored of every model. This is the epoch's only wait for data.
   *
   * @param sizes of each model of the stack, how many images
   * @returns for each model rows `[images, 2 + classes]`
   */
  async read(sizes: readonly number[]): Promise<OutcomeRows[]> {
    const values = await this.#outcomes.read() as OutcomeRows;
    return sizes.map((size, model) => {
      const start = model * this.capacity * this.rowLength;
      return values.slice(start, start + size * this.rowLength);
    });
  }

  /** Puts back what `read()` gave of one model. */
  write(model: number, rows: OutcomeRows): void {
    const { buffer, offset } = this.#outcomes;
    const start = model * this.capacity * this.rowLength * rows.BYTES_PER_ELEMENT;
    const { byteLength } = rows;
    this.gpu.write({ buffer, offset: offset + start, byteLength }, rows);
  }

  /** Numbers for each image. */
  get rowLength(): number {
    return 2 + this.classes;
  }

  dispose(): void {
    this.#outcomes.dispose();
  }
}

/**
 * The first of so many images, in the order in which they were taken, on which one model's loss is not finite.
 */
export function firstBad(
  rows: OutcomeRows,
  size: number,
): { readonly image: number; readonly cause: string } | null {
  const rowLength = rows.length / size;
  for (let image = 0; image < size; image++) {
    const loss = rows[image * rowLength];
    if (!Number.isFinite(loss)) return { image, cause: `the loss of an image is ${loss}` };
  }
  return null;
}

/**
 * Scores one model. `labels` are in the order in which the images were taken.
 *
 * @param ends images of the first batch, of the first two, …, of all
 * @throws {DivergenceError} if a loss is not finite
 */
export function score(rows: OutcomeRows, labels: Int32Array, ends: readonly number[]): Outcomes {
  const size = labels.length;
  const rowLength = rows.length / size;
  const classes = rowLength - 2;
  const bad = firstBad(rows, size);
  if (bad) throw new DivergenceError(bad.cause);
  const losses = Array.from({ length: size }, (_, image) => rows[image * rowLength]);
  const predictions = Array.from({ length: size }, (_, image) => rows[image * rowLength + 1]);
  const probabilities = new Float32Array(size * classes);
  for (let image = 0; image < size; image++) {
    const start = image * rowLength + 2;
    probabilities.set(rows.subarray(start, start + classes), image * classes);
  }
  const batchLosses = ends.map((end, batch) => mean(losses.slice(ends[batch - 1] ?? 0, end)));
  const metrics = {
    loss: mean(batchLosses), // a short or long last batch counts like a full one, as in the official code
    accuracy: accuracy(labels, predictions),
    f1: macroF1(labels, predictions),
    auc: rocAucOvr(labels, probabilities, classes)?.auc ?? null,
  };
  return { metrics, batchLosses, probabilities };
}
