/// <reference lib="deno.worker" />
// The thread in which readers are shown damaged inputs: it may hang without harm.

import { fuzz } from "./fuzz.ts";
import type { FuzzMessage, FuzzTask } from "./fuzz_part.ts";
import { fuzzTargets } from "./targets.ts";

const tell = (message: FuzzMessage) => self.postMessage(message);

self.onmessage = async ({ data: { target, ...range } }: MessageEvent<FuzzTask>) => {
  try {
    const counts = await fuzz(fuzzTargets.find(({ name }) => name === target)!, range, (input) => {
      if (input % 50 === 0) tell({ input });
    });
    tell({ counts });
  } catch (error) {
    tell({ failure: (error as Error).message });
  }
};
tell({ isReady: true });
