// What a measured time means: work per second, and how near that comes to what the adapter can do.

import type { Ceilings } from "../src/gpu/ceiling.ts";

/** What a step does at least, as far as that is counted. */
export interface Amount {
  /** arithmetic, in 10⁹ operations */
  readonly gigaflop?: number;
  /** memory read and written, in 10⁹ bytes, each tensor as often as the algorithm has to */
  readonly gigabyte?: number;
}

/** Figures of one bench; what was not counted is missing. */
export interface Figures {
  /** median time of a step */
  readonly ms: number;
  readonly gflops?: number;
  /** of the adapter's ceiling, 0 to 1 or a little more, as those below */
  readonly arithmeticShare?: number;
  readonly gbs?: number;
  readonly memoryShare?: number;
}

export function figuresOf(
  times: readonly number[],
  { gigaflop, gigabyte }: Amount,
  { arithmetic, memory }: Ceilings,
): Figures {
  const ms = times.toSorted((a, b) => a - b)[times.length >> 1];
  const perSecond = (amount?: number) => amount === undefined ? undefined : amount / ms * 1000;
  const share = (amount: number | undefined, ceiling: number) =>
    amount === undefined ? undefined : rounded(amount * 1e9 / ceiling);
  const [gflops, gbs] = [perSecond(gigaflop), perSecond(gigabyte)];
  return {
    ms: rounded(ms),
    ...gflops && { gflops: rounded(gflops), arithmeticShare: share(gflops, arithmetic) },
    ...gbs && { gbs: rounded(gbs), memoryShare: share(gbs, memory) },
  };
}

/** Figures in columns, for a person. */
export function figuresText({ ms, gflops, arithmeticShare, gbs, memoryShare }: Figures): string {
  const column = (value: number | undefined, unit: string, share?: number) =>
    value === undefined
      ? ""
      : `  ${text(value).padStart(7)} ${unit} ${(share! * 100).toFixed(0).padStart(3)} %`;
  return `${text(ms).padStart(8)} ms${column(gflops, "GFLOP/s", arithmeticShare)}` +
    column(gbs, "GB/s", memoryShare);
}

function text(value: number): string {
  return value.toFixed(value < 1 ? 3 : value < 100 ? 2 : 0);
}

/** Times are not known better than that. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
