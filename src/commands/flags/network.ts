// The flags of `train` about the networks.

import { defaultConfig, networks } from "../../federated/config.ts";
import { choice, number, orModule, text } from "../values.ts";
import { flag, underTopic } from "./flag.ts";

/** Under "Network" in the help. */
export const networkFlags = underTopic("Network", {
  network: flag<string>({
    name: "network",
    aliases: ["model"],
    kind: orModule(choice(networks, "NAME|FILE.ts")),
    default: "vgg_nb",
    source: "official",
    help: "vgg_nb or vgg_b: VGG whose last layer has no bias or one; or a module of your own",
  }),
  width: flag({
    name: "width",
    kind: number({ min: 1 / 32 }), // one channel in the first layer
    default: defaultConfig.width,
    source: "official",
    help: "factor on all channel counts",
  }),
  init: flag<string | null>({
    name: "init",
    kind: text("FILE"),
    default: null,
    defaultText: "from the seed",
    source: "ours",
    help: "safetensors file of the weights all models start from",
  }),
});
