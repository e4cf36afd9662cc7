// How a client's training images are cut into the batches of a local epoch.

/** What becomes of the last batch of a local epoch where it is not full. */
export const lastBatches = ["keep", "drop", "join"] as const;
/** Name of what becomes of it. */
export type LastBatch = typeof lastBatches[number];

/** Sizes of batches; n is a client's number of training images. */
export class Batching {
  constructor(readonly batchSize: number, private readonly lastBatch: LastBatch) {}

  /** Images of an epoch: all, or with "drop" those of full batches. */
  images(n: number): number {
    return this.lastBatch === "drop" ? n - n % this.batchSize : n;
  }

  /** Batches of an epoch. */
  batches(n: number): number {
    const full = Math.floor(n / this.batchSize);
    return this.joins(n) ? full : Math.ceil(this.images(n) / this.batchSize);
  }

  /** Whether a last image by itself goes to the batch before, which then has one more than `batchSize`. */
  joins(n: number): boolean {
    return this.lastBatch === "join" && n > 1 && n % this.batchSize === 1;
  }

  /** Images of the first so many batches of an epoch. */
  imagesOf(batches: number, n: number): number {
    return batches < this.batches(n) ? batches * this.batchSize : this.images(n);
  }

  /** Images of an epoch, batch by batch: of the first one, of the first two, …, of all. */
  ends(n: number): number[] {
    return Array.from({ length: this.batches(n) }, (_, last) => this.imagesOf(last + 1, n));
  }

  /** Images of the largest batch of clients with so many images, for which there has to be room. */
  largest(sizes: readonly number[]): number {
    const full = this.batchSize + Number(sizes.some((n) => this.joins(n)));
    return Math.max(1, Math.min(full, Math.max(...sizes)));
  }
}

/** Every image, and a last batch of what is left: evaluations, in which the batches do not matter. */
export function whole(batchSize: number): Batching {
  return new Batching(batchSize, "keep");
}

/** As the configuration says. */
export function batchingOf(config: {
  readonly batchSize: number;
  readonly lastBatch: LastBatch;
}): Batching {
  return new Batching(config.batchSize, config.lastBatch);
}
