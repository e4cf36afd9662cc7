// A profile as a Chrome trace: rows of steps, parts of the step and kernels, for chrome://tracing or Perfetto.

import type { ProfileEvent } from "../../federated/events.ts";

type Run = ProfileEvent["steps"][number]["profile"]["runs"][number];

/** A bar of the Trace Event Format; times in microseconds. */
interface Bar {
  readonly name: string;
  readonly ph: "X";
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly args?: Readonly<Record<string, number>>;
}

const process = 1;
const rows = { steps: 1, parts: 2, kernels: 3 };

/** The content of a trace file, as JSON. */
export function profileTrace({ steps }: ProfileEvent): string {
  const origin = steps[0].profile.runs[0].start;
  const bar = (tid: number, name: string, runs: readonly Run[], args?: Bar["args"]): Bar => {
    const [first, last] = [runs[0], runs[runs.length - 1]];
    const ts = Number(first.start - origin) / 1000;
    const end = Number(last.start - origin) / 1000 + last.duration * 1000;
    return { name, ph: "X", pid: process, tid, ts, dur: end - ts, args };
  };
  const bars = steps.flatMap(({ step, profile: { runs } }) => [
    bar(rows.steps, `training step ${step + 1}`, runs),
    ...successions(runs).map((part) => bar(rows.parts, part[0].phase, part)),
    ...runs.map((run) => bar(rows.kernels, run.kernel, [run], speedOf(run))),
  ]);
  return JSON.stringify({ traceEvents: [...names(), ...bars], displayTimeUnit: "ms" });
}

/** Runs of one part of the step that follow one another. */
function successions(runs: readonly Run[]): Run[][] {
  const found: Run[][] = [];
  for (const run of runs) {
    const current = found.at(-1);
    if (current?.[0].phase === run.phase) current.push(run);
    else found.push([run]);
  }
  return found;
}

/** What a kernel does and, unless the clock's ticks are too coarse, how fast. */
function speedOf({ work, bytes, duration }: Run): Record<string, number> {
  const speed = (unit: string, amount: number) =>
    duration === 0 ? {} : { [unit]: Number((amount / duration / 1e6).toPrecision(3)) };
  return {
    ...{ bytes, ...speed("GB/s", bytes) },
    ...(work === null ? {} : { operations: work, ...speed("GFLOP/s", work) }),
  };
}

/** What the rows are called, and their order. */
function names() {
  const named = (name: string, args: Record<string, unknown>, tid?: number) => (
    { name, ph: "M", pid: process, tid, args }
  );
  return [
    named("process_name", { name: "GPU" }),
    ...Object.entries(rows).flatMap(([name, tid]) => [
      named("thread_name", { name }, tid),
      named("thread_sort_index", { sort_index: tid }, tid),
    ]),
  ];
}
