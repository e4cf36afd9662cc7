// The long form of the fuzz tests: reader after reader, in a thread that is given up when it hangs.

import type { TorturePart, TortureRow } from "../torture/part.ts";
import { type FuzzCounts, timeSpent } from "./fuzz.ts";
import { fuzzTargets } from "./targets.ts";

/** Inputs for one reader before the next has its turn. */
const batch = 500;
/**
 * A thread that has told nothing for so long hangs, milliseconds: of a core, or by the clock if it gets none, which on
 * a busy machine can take minutes.
 */
const patience = { core: 60_000, clock: 1_800_000 };

/** What the thread is to do. */
export interface FuzzTask {
  readonly target: string;
  readonly seed: number;
  readonly first: number;
  readonly count: number;
}

/** What it tells: that it listens, the input that it is about to read, its counts, or what went wrong. */
export type FuzzMessage =
  | { readonly isReady: true }
  | { readonly input: number }
  | { readonly counts: FuzzCounts }
  | { readonly failure: string };

/** Every reader until the time is over; each failure ends a batch. */
export const fuzzPart: TorturePart = {
  name: "fuzz",
  async run(seed, milliseconds, onProgress) {
    const end = performance.now() + milliseconds;
    const results = fuzzTargets.map(({ name }) => ({
      target: name,
      counts: [] as FuzzCounts[],
      failures: [] as string[],
    }));
    let worker = await startWorker();
    let done = 0;
    for (let first = 0; performance.now() < end; first += batch) {
      for (const { target, counts, failures } of results) {
        const outcome = await runTask(worker, { target, seed, first, count: batch });
        if ("counts" in outcome) counts.push(outcome.counts);
        else failures.push(outcome.failure);
        if ("hangs" in outcome) {
          worker.terminate();
          worker = await startWorker();
        }
        done += batch;
        onProgress(
          `${done} inputs, ${results.flatMap(({ failures }) => failures).length} failures`,
        );
      }
    }
    worker.terminate();
    return results.map(rowOf);
  },
};

/** A thread that listens: what it was told before would be lost. */
async function startWorker(): Promise<Worker> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  await new Promise((resolve) => worker.onmessage = resolve); // an error in it ends the program
  return worker;
}

type Outcome =
  | { readonly counts: FuzzCounts }
  | { readonly failure: string; readonly hangs?: true };

function runTask(worker: Worker, task: FuzzTask): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  let input = task.first;
  const hangs = () =>
    resolve({
      failure: `${task.target}, seed ${task.seed}: hangs at input ${input} or one of the next`,
      hangs: true,
    });
  let [start, spent] = [performance.now(), timeSpent()];
  const watch = setInterval(() => {
    const isLong = timeSpent() - spent > patience.core ||
      performance.now() - start > patience.clock;
    if (isLong) hangs();
  }, 1000);
  worker.onmessage = ({ data }: MessageEvent<FuzzMessage>) => {
    [start, spent] = [performance.now(), timeSpent()];
    if ("input" in data) input = data.input;
    else if (!("isReady" in data)) resolve(data);
  };
  worker.postMessage(task);
  return promise.finally(() => clearInterval(watch));
}

function rowOf(
  { target, counts, failures }: {
    readonly target: string;
    readonly counts: readonly FuzzCounts[];
    readonly failures: readonly string[];
  },
): TortureRow {
  const sum = (of: (counts: FuzzCounts) => number) => counts.reduce((sum, c) => sum + of(c), 0);
  const most = (of: (counts: FuzzCounts) => number) => Math.max(0, ...counts.map(of));
  return {
    what: target,
    count: sum(({ inputs }) => inputs),
    outcome:
      `${sum(({ accepted }) => accepted)} accepted, ${sum(({ refused }) => refused)} refused, ` +
      `at most ${Math.ceil(most(({ slowest }) => slowest))} ms of a core and ` +
      `${(most(({ largest }) => largest) / 1e6).toFixed(1)} MB`,
    failures,
  };
}
