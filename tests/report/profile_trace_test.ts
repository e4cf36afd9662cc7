// A profile in the Trace Event Format.

import { profileTrace } from "../../src/report/files/profile_trace.ts";
import { assertEquals } from "../assert.ts";
import { madeUpProfile } from "./made_up_profile.ts";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

const { traceEvents, displayTimeUnit }: { traceEvents: TraceEvent[]; displayTimeUnit: string } =
  JSON.parse(profileTrace(madeUpProfile));

/** Bars of a row, in microseconds. */
function bars(row: string): string[] {
  const { tid } = traceEvents.find(({ ph, args }) => ph === "M" && args?.name === row)!;
  return traceEvents.filter((event) => event.ph === "X" && event.tid === tid)
    .map(({ name, ts, dur }) => `${name} ${ts}+${dur}`);
}

Deno.test("profileTrace() has rows of steps, parts and kernels that begin at 0", () => {
  assertEquals(displayTimeUnit, "ms");
  assertEquals(bars("steps"), ["training step 2 0+9500", "training step 3 20000+9500"]);
  assertEquals(bars("parts"), [
    ...["forward 0+7000", "update 8000+1500"],
    ...["forward 20000+7000", "update 28000+1500"],
  ]);
  assertEquals(bars("kernels").slice(0, 4), [
    "conv.wgsl correlate 0+2000",
    "copy 2500+500",
    "conv.wgsl correlate 3000+4000",
    "sgd.wgsl step 8000+1500",
  ]);
});

Deno.test("profileTrace() tells what a kernel does and how fast", () => {
  const [correlate, copy] = traceEvents.filter(({ args }) => args !== undefined && "bytes" in args);
  assertEquals(correlate.args, { bytes: 1e6, "GB/s": 0.5, operations: 150e6, "GFLOP/s": 75 });
  assertEquals(copy.args, { bytes: 2.5e6, "GB/s": 5 });
});
