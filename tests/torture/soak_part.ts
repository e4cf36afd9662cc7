// The long form of the test that watches training: 2,000 steps at least.

import type { TorturePart } from "./part.ts";
import { grown, memoryGrowth, soak } from "./soak.ts";

const leastSteps = 2000;
const limits = { warmUp: 500, mostGrowth: 0.02 };

/** Of each run: some 70 training steps. */
const rounds = 3;

/** Run after run until the time is over and there were enough steps. */
export const soakPart: TorturePart = {
  name: "soak",
  async run(_seed, milliseconds, onProgress) {
    const end = performance.now() + milliseconds;
    const samples = await soak(rounds, (samples) => {
      const { steps, rss } = samples.at(-1)!;
      onProgress(`${steps} steps, ${Math.round(rss / 1e6)} MB`);
      return steps >= leastSteps && performance.now() >= end;
    });
    const { steps, live, gpuBytes, files } = samples.at(-1)!;
    const growth = memoryGrowth(samples.filter(({ steps }) => steps >= limits.warmUp));
    return [{
      what: "training steps",
      count: steps,
      outcome: `${live} buffers, ${(gpuBytes / 1e6).toFixed(1)} MB of the GPU's, ${files} files; ` +
        `resident memory ${growth < 0 ? "−" : "+"}${(100 * Math.abs(growth)).toFixed(1)} %`,
      failures: grown(samples, limits),
    }];
  },
};
