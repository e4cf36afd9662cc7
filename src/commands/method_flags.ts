// Refuses flags that change nothing with the chosen methods.

import { methods } from "../federated/config.ts";
import { builtInMethods, type MethodName } from "../federated/methods/registry.ts";
import { type MethodSetting, settingsUsedBy } from "../federated/methods/settings.ts";
import type { Setting } from "../report/run_header.ts";
import { trainFlags } from "./flags.ts";
import { UsageError } from "./usage_error.ts";

/** @throws {UsageError} if a flag was given that none of the methods has a use for, naming those that have */
export function checkMethodFlags(
  chosen: readonly MethodName[],
  settings: readonly Setting[],
): void {
  const given = settings.filter(({ source }) => source === "flag").map(({ name }) => name);
  for (const setting of Object.keys(settingsUsedBy(builtInMethods.prrfl)) as MethodSetting[]) {
    const uses = (method: MethodName) => settingsUsedBy(builtInMethods[method])[setting];
    const { name } = trainFlags[setting];
    if (!given.includes(name) || chosen.some(uses)) continue;
    throw new UsageError(
      `Cannot use --${name} with ${chosen.join(", ")}: it would change nothing; ` +
        `methods that use it: ${methods.filter(uses).join(", ")}`,
    );
  }
}
