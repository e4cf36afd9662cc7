// Refuses flags that change nothing with the chosen methods.

import type { FederatedMethod } from "../federated/methods/method.ts";
import { methods } from "../federated/config.ts";
import {
  type MethodName,
  methodOf,
  type MethodSettingName,
  methodSettings,
} from "../federated/methods/registry.ts";
import { counted } from "../report/format.ts";
import type { Setting } from "../report/run_header.ts";
import { trainFlags, type TrainOptions } from "./flags.ts";
import { UsageError } from "./usage_error.ts";

/**
 * @param options what was chosen besides the methods
 * @throws {UsageError} if a flag was given that none of the methods has a use for, naming those that have
 */
export function checkMethodFlags(
  chosen: readonly (MethodName | FederatedMethod)[],
  { localEpochs }: Pick<TrainOptions, "localEpochs">,
  settings: readonly Setting[],
): void {
  const given = settings.filter(({ source }) => source === "flag").map(({ name }) => name);
  const ofSharing = ["clientWeights", "dropout"] as const;
  for (const setting of [...Object.keys(methodSettings) as MethodSettingName[], ...ofSharing]) {
    const { name } = trainFlags[setting];
    const uses = (method: MethodName | FederatedMethod) => {
      const { sharing, settings = {} } = methodOf(method);
      if (ofSharing.some((other) => other === setting)) return sharing !== null;
      return setting in settings && localEpochs >= (settings[setting].leastLocalEpochs ?? 1);
    };
    if (!given.includes(name) || chosen.some(uses)) continue;
    const users = methods.filter(uses).join(", ");
    throw new UsageError(
      `Cannot use --${name} with ${chosen.map(nameOf).join(", ")}: it would change nothing; ` +
        (users === ""
          ? `it takes more than ${counted(localEpochs, "local epoch")} per round`
          : `methods that use it: ${users}`),
    );
  }
}

function nameOf(method: MethodName | FederatedMethod): string {
  return typeof method === "string" ? method : method.title ?? "the method";
}
