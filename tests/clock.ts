// Clocks that tests hand in, so that nothing depends on how fast the machine is.

import type { Clock } from "../src/clock.ts";

/** A clock that is set by hand. */
export class HandClock implements Clock {
  /** since 1970 */
  milliseconds = 0;

  now(): number {
    return this.milliseconds;
  }

  date(): Date {
    return new Date(this.milliseconds);
  }
}

/** A clock that goes on by so many milliseconds whenever somebody looks at it. */
export class LookedAtClock extends HandClock {
  constructor(private readonly step: number) {
    super();
  }

  override now(): number {
    return this.milliseconds += this.step;
  }
}

/** As on the slowest of machines: an hour for every step, so that each of them is told. */
export const slowest = (): Clock => new LookedAtClock(3_600_000);
