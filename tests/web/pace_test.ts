// The pace of a live run: of all its methods together, and without its pauses.

import { Pace } from "../../src/web/pace.ts";
import type { ProgressEvent } from "../../src/federated/events.ts";
import { assertEquals } from "../assert.ts";
import { HandClock } from "../clock.ts";

const progress = (done: number) =>
  ({ type: "progress", phase: "train", round: 0, epoch: 0, done, total: 100 }) as ProgressEvent;

Deno.test("the pace counts methods that have not begun, and leaves pauses out", () => {
  const clock = new HandClock();
  const pace = new Pace(2, clock);
  assertEquals(pace.take("fedavg", progress(0)), { share: 0, words: "" });
  clock.milliseconds += 10_000;
  const tenSeconds = { share: 0.25, words: "5.00 batches of a client per second, 0:30 left" };
  assertEquals(pace.take("fedavg", progress(50)), tenSeconds);
  pace.pause();
  clock.milliseconds += 60_000;
  assertEquals(pace.take("fedavg", progress(50)), { ...tenSeconds, words: "" });
  pace.goOn();
  assertEquals(pace.take("fedavg", progress(50)), tenSeconds);
  clock.milliseconds += 10_000;
  assertEquals(pace.take("prrfl", progress(50)).share, 0.5);
});
