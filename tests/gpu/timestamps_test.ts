// How long a tick of an adapter's clock is.

import { measurePeriod, type Moment, periodBetween } from "../../src/gpu/timestamps.ts";
import { openGpu } from "../../src/tensor/gpu.ts";
import { assert, assertEquals } from "../assert.ts";

/** Moments 250 ms apart, each uncertain by a wait, of a clock that ticks every so many nanoseconds. */
function moments(period: number, wait: number): [Moment, Moment] {
  const at = (milliseconds: number): Moment => ({
    ticks: BigInt(Math.round(1e6 * milliseconds / period)),
    earliest: milliseconds - wait / 3,
    latest: milliseconds + wait,
  });
  return [at(1000), at(1250)];
}

Deno.test("ticks are nanoseconds unless they cannot be, however long the host has waited", () => {
  for (const wait of [0.1, 12, 200]) assertEquals(periodBetween(...moments(1, wait)), 1);
});

Deno.test("ticks of other lengths are told to within the wait", () => {
  for (const period of [10, 52.083, 83.333]) { // AMD's, Intel's
    const measured = periodBetween(...moments(period, 3));
    assert(Math.abs(measured / period - 1) < 0.02, `${measured} for ${period}`);
  }
});

Deno.test("this adapter's ticks are nanoseconds", async () => {
  const gpu = await openGpu();
  assertEquals(await measurePeriod(gpu.device), 1);
  gpu.dispose();
});
