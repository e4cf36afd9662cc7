// Refuses flags that change nothing with the chosen methods.

import { methods } from "../federated/config.ts";
import { builtInMethods, type MethodName } from "../federated/methods/registry.ts";
import { type MethodSetting, settingsUsedBy } from "../federated/methods/settings.ts";
import { counted } from "../report/format.ts";
import type { Setting } from "../report/run_header.ts";
import { trainFlags, type TrainOptions } from "./flags.ts";
import { UsageError } from "./usage_error.ts";

/**
 * @param options what was chosen besides the methods
 * @throws {UsageError} if a flag was given that none of the methods has a use for, naming those that have
 */
export function checkMethodFlags(
  chosen: readonly MethodName[],
  { localEpochs }: Pick<TrainOptions, "localEpochs">,
  settings: readonly Setting[],
): void {
  const given = settings.filter(({ source }) => source === "flag").map(({ name }) => name);
  const used = (method: MethodName) => settingsUsedBy(builtInMethods[method], localEpochs);
  for (const setting of Object.keys(used("prrfl")) as MethodSetting[]) {
    const { name } = trainFlags[setting];
    if (!given.includes(name) || chosen.some((method) => used(method)[setting])) continue;
    const users = methods.filter((method) => used(method)[setting]).join(", ");
    throw new UsageError(
      `Cannot use --${name} with ${chosen.join(", ")}: it would change nothing; ` +
        (users === ""
          ? `it takes more than ${counted(localEpochs, "local epoch")} per round`
          : `methods that use it: ${users}`),
    );
  }
}
