// Flags without which a site has nothing to do.

import { UsageError } from "../usage_error.ts";

/** @throws {UsageError} if it was not given */
export function neededFlag<T>(command: string, name: string, value: T | null): T {
  if (value !== null) return value;
  throw new UsageError(
    `Cannot use ${command} without --${name}: "help ${command}" says what it is for`,
  );
}
