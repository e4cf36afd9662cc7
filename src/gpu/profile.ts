// What a profile tells: when each command ran on the GPU, and how long.

import { grouped } from "../maps.ts";

/** One command as it ran. */
export interface KernelRun {
  /** file and entry point, `softmax.wgsl forward`; `copy` or `clear` for what is no kernel */
  readonly kernel: string;
  /** the part of the work that it belongs to, see `GpuRuntime.phase`; "" for none */
  readonly phase: string;
  /** nanoseconds on the GPU's clock, which began at any time */
  readonly start: bigint;
  /** milliseconds */
  readonly duration: number;
  /** as `DispatchSpec.bytes`: by default the sizes of the views bound to it, each once */
  readonly bytes: number;
  /** arithmetic operations as `DispatchSpec.work` counts them; null where nobody does */
  readonly work: number | null;
}

/** The commands of one `GpuRuntime.profile()` in their order. */
export interface Profile {
  /** one for each command */
  readonly runs: readonly KernelRun[];
  /** milliseconds by the host's clock from the first command until the GPU was done with the last */
  readonly wall: number;
}

/** All runs of one kernel together. */
export interface KernelTotals {
  /** file and entry point, as in `KernelRun` */
  readonly kernel: string;
  /** how often it ran */
  readonly calls: number;
  /** milliseconds */
  readonly duration: number;
  /** moved by all runs together */
  readonly bytes: number;
  /** null where one of the runs has none */
  readonly work: number | null;
}

/** Adds up the runs of each kernel, the longest first. */
export function totalsByKernel(runs: readonly KernelRun[]): KernelTotals[] {
  if (!Array.isArray(runs)) {
    throw new TypeError("Cannot total: a list of kernels' runs, as of gpu.profile(), is expected");
  }
  const sum = (own: readonly KernelRun[], valueOf: (run: KernelRun) => number) =>
    own.reduce((sum, run) => sum + valueOf(run), 0);
  const totals = [...grouped(runs, ({ kernel }) => kernel)].map(([kernel, own]) => ({
    kernel,
    calls: own.length,
    duration: sum(own, ({ duration }) => duration),
    bytes: sum(own, ({ bytes }) => bytes),
    work: own.some(({ work }) => work === null) ? null : sum(own, ({ work }) => work!),
  }));
  return totals.sort((a, b) => b.duration - a.duration);
}
