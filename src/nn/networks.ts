// The networks that come with the program, by their names.

import type { Network } from "./network.ts";
import { vggModule } from "./vgg.ts";

/** `vgg_nb`: the paper's network; `vgg_b`: the same with a bias in the last layer. */
export const builtInNetworks = {
  vgg_nb: (_gpu, { numClasses, width }) => vggModule({ numClasses, width, bias: false }),
  vgg_b: (_gpu, { numClasses, width }) => vggModule({ numClasses, width, bias: true }),
} as const satisfies Readonly<Record<string, Network>>;

/** Name of a network that comes with the program. */
export type NetworkName = keyof typeof builtInNetworks;
