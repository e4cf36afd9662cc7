// A profile as a table: where the time of a training step goes, and how close kernels come to what the adapter can do.

import type { ProfileEvent } from "../federated/events.ts";
import { percent, tableLines } from "./format.ts";
import type { Style } from "./style.ts";

type Ceilings = ProfileEvent["ceilings"];

/** What is compared with the ceilings: time in milliseconds, and what was done in it. */
interface Effort {
  readonly duration: number;
  readonly bytes: number;
  readonly work: number | null;
}

/** Kernels, parts of the step, and what the numbers mean; whole lines. */
export function profileText(event: ProfileEvent, style: Style): string {
  const [title, ...rows] = kernelLines(event);
  return [
    `Profile of ${placeOf(event)}, per step:`,
    "",
    style.strong(title),
    ...rows,
    "",
    ...phaseLines(event),
    "",
    ...noteLines(event),
    "",
    "",
  ].join("\n");
}

/** "112 GFLOP/s of multiply-adds, 4.2 GB/s of a copy". */
export function ceilingsText({ arithmetic, memory }: Ceilings): string {
  return `${speed(arithmetic)} GFLOP/s of multiply-adds, ${speed(memory)} GB/s of a copy`;
}

/** "round 1, epoch 2, training steps 2 to 4". */
export function placeOf({ round, epoch, steps }: ProfileEvent): string {
  const [first, last] = [steps[0].step + 1, steps[steps.length - 1].step + 1];
  const span = first === last ? `training step ${first}` : `training steps ${first} to ${last}`;
  return `round ${round + 1}, epoch ${epoch + 1}, ${span}`;
}

function kernelLines({ kernels, steps, ceilings }: ProfileEvent): string[] {
  const all = kernels.reduce((sum, { duration }) => sum + duration, 0);
  const row = (name: string, calls: number, effort: Effort, ofCeiling: string) => [
    name,
    String(Math.round(calls / steps.length)),
    (effort.duration / steps.length).toFixed(2),
    percent(100 * effort.duration / all),
    effort.work === null ? "" : speed(perSecond(effort.work, effort)),
    speed(perSecond(effort.bytes, effort)),
    ofCeiling,
  ];
  const total = {
    duration: all,
    bytes: kernels.reduce((sum, { bytes }) => sum + bytes, 0),
    work: kernels.reduce((sum, { work }) => sum + (work ?? 0), 0),
  };
  const calls = kernels.reduce((sum, { calls }) => sum + calls, 0);
  const least = kernels.reduce((sum, kernel) => sum + leastTime(kernel, ceilings).duration, 0);
  return tableLines([
    ["kernel", "calls", "ms", "share %", "GFLOP/s", "GB/s", "ceiling %"],
    ...kernels.map((kernel) => {
      const { duration, of } = leastTime(kernel, ceilings);
      const share = percent(100 * duration / kernel.duration);
      return row(kernel.kernel, kernel.calls, kernel, `${share} ${of}`);
    }),
    row("all", calls, total, `${percent(100 * least / all)}  `),
  ], "lrrrrrr");
}

/** How long it would take at the ceiling that it reaches first, `a`rithmetic or `m`emory. */
function leastTime({ bytes, work }: Effort, { arithmetic, memory }: Ceilings) {
  const computing = 1000 * (work ?? 0) / arithmetic;
  const moving = 1000 * bytes / memory;
  return computing > moving
    ? { duration: computing, of: "a" } as const
    : { duration: moving, of: "m" } as const;
}

function phaseLines({ steps }: ProfileEvent): string[] {
  const runs = steps.flatMap(({ profile }) => profile.runs);
  const all = runs.reduce((sum, { duration }) => sum + duration, 0);
  const rows = [...Map.groupBy(runs, ({ phase }) => phase)].map(([phase, own]) => {
    const duration = own.reduce((sum, run) => sum + run.duration, 0);
    return [phase, (duration / steps.length).toFixed(2), percent(100 * duration / all)];
  });
  return tableLines([["part of the step", "ms", "share %"], ...rows], "lrr");
}

function noteLines({ steps, kernels, ceilings, memory }: ProfileEvent): string[] {
  const inKernels = kernels.reduce((sum, { duration }) => sum + duration, 0) / steps.length;
  const wall = steps.reduce((sum, { profile }) => sum + profile.wall, 0) / steps.length;
  const [most, arenas] = [memory.bytes, memory.arenaBytes].map(megabytes);
  return tableLines([
    ["ms", `on the GPU, one kernel at a time: ${inKernels.toFixed(1)} of ${wall.toFixed(1)} ms`],
    [
      "GFLOP/s",
      "of the direct algorithm's operations, whatever the kernel does; blank: not counted",
    ],
    [
      "GB/s",
      "of all that is bound, read and written memory twice; a gather visits only parts of it",
    ],
    ["ceiling %", `of the nearer ceiling, arithmetic (a) or memory (m): ${ceilingsText(ceilings)}`],
    ["memory", `${most} MB at most until then, in use or kept for use; ${arenas} MB in arenas`],
  ], "ll");
}

function perSecond(amount: number, { duration }: Effort): number {
  return amount / duration * 1000;
}

/** In 10⁹ per second: "112", "33.4", "0.52". */
function speed(perSecond: number): string {
  const value = perSecond / 1e9;
  return value.toFixed(value < 1 ? 2 : value < 100 ? 1 : 0);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}
