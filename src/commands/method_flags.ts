// Refuses flags that change nothing with the chosen method.

import { methods } from "../federated/config.ts";
import { builtInMethods } from "../federated/methods/registry.ts";
import { type MethodSetting, settingsUsedBy } from "../federated/methods/settings.ts";
import type { Setting } from "../report/run_header.ts";
import { trainFlags, type TrainOptions } from "./flags.ts";
import { UsageError } from "./usage_error.ts";

/** @throws {UsageError} if a flag was given that the method has no use for, naming the methods that have */
export function checkMethodFlags({ method }: TrainOptions, settings: readonly Setting[]): void {
  const given = settings.filter(({ source }) => source === "flag").map(({ name }) => name);
  for (const [setting, used] of Object.entries(settingsUsedBy(builtInMethods[method]))) {
    const { name } = trainFlags[setting as MethodSetting];
    if (used || !given.includes(name)) continue;
    const users = methods.filter((other) =>
      settingsUsedBy(builtInMethods[other])[setting as MethodSetting]
    );
    throw new UsageError(
      `Cannot use --${name} with --method ${method}: it would change nothing; ` +
        `methods that use it: ${users.join(", ")}`,
    );
  }
}
