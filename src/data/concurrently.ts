// Does one thing for many items, several at a time.

/** How items are worked on. */
export interface ConcurrencyOptions {
  /** items being worked on at a time; default 8: enough for the disk to work while an image is decoded */
  readonly atATime?: number;
  /** called after every item, with the numbers of items done and to be done */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Calls `work` for every item, in no particular order, until one call fails. */
export async function concurrently<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  { atATime = 8, onProgress }: ConcurrencyOptions = {},
): Promise<void> {
  // The workers share one generator: the error of one ends its loop, which closes the generator for all.
  const queue = (function* () {
    yield* items;
  })();
  let done = 0;
  const workThroughQueue = async () => {
    for (const item of queue) {
      await work(item);
      onProgress?.(++done, items.length);
    }
  };
  const workers = Array.from({ length: atATime }, workThroughQueue);
  // All have to end, else some would still be at work while the caller puts things right.
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === "rejected");
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
}
