// The flags of `train` about the method: rounds, its own settings, and who takes part.

import type { MethodSetting } from "../../federated/methods/method.ts";
import { settingBounds } from "../../federated/bounds.ts";
import { clientWeightings, defaultConfig, methods } from "../../federated/config.ts";
import { type MethodSettingName, methodSettings } from "../../federated/methods/registry.ts";
import { choice, number, orModule } from "../values.ts";
import { type Flag, flag, underTopic } from "./flag.ts";

/** One for each setting that is some method's own. */
const settingFlags = Object.fromEntries(
  Object.entries(methodSettings).map(([name, setting]) => [name, settingFlag(name, setting)]),
) as Record<MethodSettingName, Flag<number>>;

/** The flag of a setting that is a method's own. */
export function settingFlag(name: string, setting: MethodSetting): Flag<number> {
  const { default: initial, source, help, flag = name, aliases = [], ...bounds } = setting;
  const kind = number(bounds);
  return { name: flag, aliases, kind, default: initial, source, topic: "Method", help };
}

/** Under "Method" in the help. */
export const methodFlags = underTopic("Method", {
  method: flag<string>({
    name: "method",
    kind: orModule(choice(methods, "NAME|FILE.ts")),
    default: defaultConfig.method,
    source: "ours",
    help: methods.join(", "),
  }),
  rounds: flag({
    name: "iters",
    aliases: ["rounds"],
    kind: number(settingBounds.rounds),
    default: defaultConfig.rounds,
    source: "official",
    help: "communication rounds",
  }),
  localEpochs: flag({
    name: "wk_iters",
    aliases: ["local-epochs"],
    kind: number(settingBounds.localEpochs),
    default: defaultConfig.localEpochs,
    source: "official",
    help: "local epochs per round",
  }),
  ...settingFlags,
  clientWeights: flag({
    name: "client-weights",
    kind: choice(clientWeightings),
    default: defaultConfig.clientWeights,
    source: "official",
    help: "how clients count in the server's means: alike, or by their training images",
  }),
  participation: flag({
    name: "participation",
    kind: number(settingBounds.participation),
    default: defaultConfig.participation,
    source: "official",
    help: "share of the clients that train in a round, at least one of them",
  }),
  dropout: flag({
    name: "dropout",
    kind: number(settingBounds.dropout),
    default: defaultConfig.dropout,
    source: "official",
    help: "probability that a client's update never reaches the server",
  }),
});
