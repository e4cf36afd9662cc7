// A profile as tables: where the time of a training step goes, and how near its kernels come to what is possible.

import type { ProfileEvent } from "../../federated/events.ts";
import { percent } from "../format.ts";
import { tableLines } from "../table_lines.ts";
import type { Style } from "./style.ts";

type Ceilings = ProfileEvent["ceilings"];

/** Some commands together. */
interface Effort {
  /** milliseconds */
  readonly duration: number;
  readonly bytes: number;
  /** operations; null where nobody counts them */
  readonly work: number | null;
}

/** Kernels, parts of the step, and what the numbers mean; whole lines. */
export function profileText(event: ProfileEvent, style: Style): string {
  const [kernelHead, ...kernels] = kernelLines(event);
  const [phaseHead, ...phases] = phaseLines(event);
  return [
    `Profile of ${placeOf(event)}, per step`,
    ...["", style.strong(kernelHead), ...kernels],
    ...["", style.strong(phaseHead), ...phases],
    ...["", ...noteLines(event)],
    ...["", ""],
  ].join("\n");
}

/** "112 GFLOP/s of multiply-adds, 4.20 GB/s of a kernel that copies". */
export function ceilingsText({ arithmetic, memory }: Ceilings): string {
  const [operations, bytes] = [arithmetic, memory].map((perSecond) => billions(perSecond));
  return `${operations} GFLOP/s of multiply-adds, ${bytes} GB/s of a kernel that copies`;
}

/** "round 1, epoch 2, training steps 2 to 4". */
function placeOf({ round, epoch, steps }: ProfileEvent): string {
  const [first, last] = [steps[0].step + 1, steps[steps.length - 1].step + 1];
  const span = first === last ? `training step ${first}` : `training steps ${first} to ${last}`;
  return `round ${round + 1}, epoch ${epoch + 1}, ${span}`;
}

function kernelLines({ kernels, steps, ceilings }: ProfileEvent): string[] {
  const all = together(kernels);
  const row = (name: string, calls: number, effort: Effort, least: string) => [
    name,
    String(Number((calls / steps.length).toFixed(1))), // fewer clients take fewer calls
    ...timeCells(effort.duration, all.duration, steps.length),
    speed(effort.work, effort.duration),
    speed(effort.bytes, effort.duration),
    least,
  ];
  const least = kernels.map((kernel) => leastTime(kernel, ceilings));
  const leastOfAll = least.reduce((sum, { duration }) => sum + duration, 0);
  return tableLines([
    ["kernel", "calls", "ms", "share %", "GFLOP/s", "GB/s", "ceiling %"],
    ...kernels.map((kernel, index) => {
      const { duration, ceiling } = least[index];
      return row(
        kernel.kernel,
        kernel.calls,
        kernel,
        `${share(duration, kernel.duration)} ${ceiling}`,
      );
    }),
    row(
      "all",
      kernels.reduce((sum, { calls }) => sum + calls, 0),
      all,
      `${share(leastOfAll, all.duration)}  `,
    ),
  ], "lrrrrrr");
}

function phaseLines({ steps }: ProfileEvent): string[] {
  const runs = steps.flatMap(({ profile }) => profile.runs);
  const all = together(runs).duration;
  const rows = [...Map.groupBy(runs, ({ phase }) => phase)].map(([phase, own]) => [
    phase,
    ...timeCells(together(own).duration, all, steps.length),
  ]);
  return tableLines([["part of the step", "ms", "share %"], ...rows], "lrr");
}

function noteLines({ steps, kernels, ceilings, memory }: ProfileEvent): string[] {
  const inKernels = together(kernels).duration / steps.length;
  const wall = steps.reduce((sum, { profile }) => sum + profile.wall, 0) / steps.length;
  return tableLines([
    [
      "ms",
      `one kernel after the other: ${inKernels.toFixed(1)} of ${wall.toFixed(1)} ms are in kernels`,
    ],
    ["GFLOP/s", "of the direct algorithm's operations, whatever a kernel does; blank: not counted"],
    ["GB/s", "of all that is bound, twice where read and written; a gather visits only parts"],
    ["ceiling %", "of arithmetic (a) or memory (m), whichever is nearer"],
    ["ceilings", ceilingsText(ceilings)],
    [
      "memory",
      `${megabytes(memory.bytes)} MB at most until then, in use or kept for use, ` +
      `${megabytes(memory.arenaBytes)} MB of it in arenas`,
    ],
  ], "ll");
}

function together(efforts: readonly Effort[]): Effort {
  const sum = (valueOf: (effort: Effort) => number) =>
    efforts.reduce((sum, effort) => sum + valueOf(effort), 0);
  return {
    duration: sum(({ duration }) => duration),
    bytes: sum(({ bytes }) => bytes),
    work: sum(({ work }) => work ?? 0),
  };
}

/** How long it would take at the ceiling that is nearer: `a`rithmetic or `m`emory; milliseconds. */
function leastTime({ bytes, work }: Effort, { arithmetic, memory }: Ceilings) {
  const computing = 1000 * (work ?? 0) / arithmetic;
  const moving = 1000 * bytes / memory;
  return { duration: Math.max(computing, moving), ceiling: computing > moving ? "a" : "m" };
}

/** Milliseconds per step, and the share of all. */
function timeCells(duration: number, all: number, steps: number): [string, string] {
  return [(duration / steps).toFixed(2), share(duration, all)];
}

/** In percent; blank for a share of no time, which a clock of coarse ticks may tell. */
function share(part: number, all: number): string {
  return all > 0 ? percent(100 * part / all) : "";
}

/** In 10⁹ per second; blank where the amount or the time is unknown. */
function speed(amount: number | null, milliseconds: number): string {
  return amount === null || milliseconds === 0 ? "" : billions(1000 * amount / milliseconds);
}

/** In 10⁹: "112", "33.4", "0.52". */
function billions(value: number): string {
  const scaled = value / 1e9;
  return scaled.toFixed(scaled < 10 ? 2 : scaled < 100 ? 1 : 0);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}
