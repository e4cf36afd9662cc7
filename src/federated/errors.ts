// The errors of a simulation that a person can do something about.

/** A configuration that cannot be simulated; the message says which setting to change. */
export class ConfigError extends RangeError {
  /** tells it from other errors, also where `instanceof` cannot */
  override readonly name = "ConfigError";
}

/** The numbers have overflowed: what follows would be meaningless. */
export class DivergenceError extends Error {
  /** tells it from other errors, also where `instanceof` cannot */
  override readonly name = "DivergenceError";
}

/** Runs what fails with a plain error if a setting does not fit, and says what that means. */
export function asConfigError<T>(meaning: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    const isPlain = error instanceof TypeError || error instanceof RangeError;
    if (!isPlain || error instanceof ConfigError) throw error;
    throw new ConfigError(`${meaning}: ${error.message}`);
  }
}
