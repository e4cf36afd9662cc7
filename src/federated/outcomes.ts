// What the models of a stack said about every image of a split: stored on the GPU, read once, scored.

import source from "../../kernels/outcomes.wgsl" with { type: "text" };
import type { Batch } from "../data/image_batches.ts";
import { kernelFile } from "../gpu/kernel.ts";
import { accuracy, macroF1, type Metrics, rocAucOvr } from "../metrics/classification.ts";
import { mean } from "../metrics/statistics.ts";
import type { Gpu } from "../tensor/gpu.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import { DivergenceError } from "./divergence.ts";

const file = kernelFile("outcomes.wgsl", source);

/** One model's outcomes on one split, in the order in which the images were taken. */
export interface Outcomes {
  readonly metrics: Metrics;
  /** mean cross-entropy of each batch, nats */
  readonly batchLosses: readonly number[];
  /** row-major `[images, classes]` */
  readonly probabilities: Float32Array<ArrayBuffer>;
}

/** An epoch-long buffer of outcomes. */
export class OutcomeBuffer {
  readonly #outcomes: Tensor;

  /** Room for `capacity` rows of each of `models` models. */
  constructor(
    gpu: Gpu,
    models: number,
    private readonly capacity: number,
    private readonly classes: number,
  ) {
    this.#outcomes = gpu.keep(emptyTensor(gpu, [models, capacity, 2 + classes]));
  }

  /** Stores a batch's logits `[S, N, classes]` at the step that `position` holds when the kernel runs. */
  store(logits: Tensor, batch: Batch, position: Tensor): void {
    const [models, rows, classes] = logits.shape;
    logits.gpu.dispatch({
      file,
      entryPoint: "store",
      params: { rows, classes, capacity: this.capacity },
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

  /** Reads everything stored since the epoch began. This is the epoch's only wait for data. */
  async read(): Promise<Float32Array> {
    return await this.#outcomes.read() as Float32Array;
  }

  /**
   * The first image, in the order in which they were taken, on which one model's loss is not finite.
   *
   * @param size number of images
   */
  firstBad(
    values: Float32Array,
    model: number,
    size: number,
  ): { readonly image: number; readonly cause: string } | null {
    for (let image = 0; image < size; image++) {
      const loss = values[this.#row(model, image)];
      if (!Number.isFinite(loss)) return { image, cause: `the loss of an image is ${loss}` };
    }
    return null;
  }

  /**
   * Scores one model. `labels` are in the order in which the images were taken.
   *
   * @throws {DivergenceError} if a loss is not finite
   */
  score(values: Float32Array, model: number, labels: Int32Array, batchSize: number): Outcomes {
    const row = (index: number) => this.#row(model, index);
    const size = labels.length;
    const bad = this.firstBad(values, model, size);
    if (bad) throw new DivergenceError(bad.cause);
    const losses = Array.from({ length: size }, (_, index) => values[row(index)]);
    const predictions = Array.from({ length: size }, (_, index) => values[row(index) + 1]);
    const probabilities = new Float32Array(size * this.classes);
    for (let index = 0; index < size; index++) {
      const start = row(index) + 2;
      probabilities.set(values.subarray(start, start + this.classes), index * this.classes);
    }
    const batchLosses = batchMeans(losses, batchSize);
    const metrics = {
      loss: mean(batchLosses), // a short last batch counts like a full one, as in the official code
      accuracy: accuracy(labels, predictions),
      f1: macroF1(labels, predictions),
      auc: rocAucOvr(labels, probabilities, this.classes)?.auc ?? null,
    };
    return { metrics, batchLosses, probabilities };
  }

  dispose(): void {
    this.#outcomes.dispose();
  }

  /** Where a model's outcome of an image begins. */
  #row(model: number, image: number): number {
    return (model * this.capacity + image) * (2 + this.classes);
  }
}

function batchMeans(losses: readonly number[], batchSize: number): number[] {
  const batches = Math.ceil(losses.length / batchSize);
  return Array.from(
    { length: batches },
    (_, batch) => mean(losses.slice(batch * batchSize, (batch + 1) * batchSize)),
  );
}
