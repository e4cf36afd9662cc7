// Flags without which a site has nothing to do.

import { UsageError } from "../usage_error.ts";

/** @throws {UsageError} if it was not given */
export function neededFlag<T>(name: string, value: T | null): T {
  if (value !== null) return value;
  throw new UsageError(`Cannot do that without --${name}: "help site" says what it is for`);
}
