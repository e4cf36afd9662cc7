// Where the time comes from: the machine, or a test.

/** Two ways to ask for the time. */
export interface Clock {
  /** milliseconds since some moment; never goes back */
  now(): number;
  /** the time of day */
  date(): Date;
}

/** The machine's. */
export const systemClock: Clock = { now: () => performance.now(), date: () => new Date() };
