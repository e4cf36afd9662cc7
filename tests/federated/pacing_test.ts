// Progress by the clock: of every step on the slowest machine, of ever more steps at a time on the fastest.

import type { Clock } from "../../src/clock.ts";
import { simulate } from "../../src/federated/simulation.ts";
import { assert, assertEquals } from "../assert.ts";
import { HandClock, slowest } from "../clock.ts";
import { gpu } from "../gpu.ts";
import { config } from "./small_federation.ts";

/** All events of a run on a machine so fast. */
async function eventsBy(clock: Clock) {
  const before = gpu.clock;
  gpu.clock = clock;
  try {
    return await Array.fromAsync(simulate(gpu, { ...config, localEpochs: 2 }));
  } finally {
    gpu.clock = before;
  }
}

Deno.test("simulate() tells the same but for progress however fast the machine, and that step by step on the slowest", async () => {
  const [fast, slow] = [await eventsBy(new HandClock()), await eventsBy(slowest())];
  const [few, many] = [fast, slow].map((all) =>
    all.flatMap((e) => e.type === "progress" ? [e] : [])
  );
  const others = (all: typeof fast) => all.filter(({ type }) => type !== "progress");
  assertEquals(others(fast), others(slow));
  // Steps 1, 3, 7, 15, …: portions double, as long as none takes any time.
  assertEquals(few.map(({ done }) => done), few.map((_, k) => many[2 ** (k + 1) - 2].done));
  assert(many.length > 2 ** few.length - 2 && many.length < 2 ** (few.length + 1) - 1);
  assertEquals(many.at(-1)!.done, many[0].total);
});
