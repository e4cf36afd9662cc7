// A profile of two steps that never were: what its reports are tested with.

import type { ProfileEvent } from "../../src/federated/events.ts";
import { type KernelRun, totalsByKernel } from "../../src/gpu/profile.ts";

/** A step of 8 ms in kernels; the GPU's clock reads `start` nanoseconds at its beginning. */
function runsAt(start: bigint): KernelRun[] {
  const correlate = { kernel: "conv.wgsl correlate", phase: "forward", bytes: 1e6, work: 150e6 };
  return [
    { ...correlate, start, duration: 2 },
    {
      kernel: "copy",
      phase: "forward",
      start: start + 2_500_000n,
      duration: 0.5,
      bytes: 2.5e6,
      work: null,
    },
    { ...correlate, start: start + 3_000_000n, duration: 4 },
    {
      kernel: "sgd.wgsl step",
      phase: "update",
      start: start + 8_000_000n,
      duration: 1.5,
      bytes: 3e6,
      work: null,
    },
  ];
}

const steps = [1, 2].map((step) => ({
  step,
  profile: { runs: runsAt(7_000_000_000n + BigInt(step) * 20_000_000n), wall: 10 },
}));

export const madeUpProfile: ProfileEvent = {
  type: "profile",
  round: 0,
  epoch: 1,
  steps,
  kernels: totalsByKernel(steps.flatMap(({ profile }) => profile.runs)),
  ceilings: { arithmetic: 100e9, memory: 5e9 },
  memory: { bytes: 123_456_789, arenaBytes: 4_500_000 },
};
