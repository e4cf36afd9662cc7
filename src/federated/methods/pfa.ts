// PRR-FL's aggregation alone: PFA of a single model per client, without a deputy.

import { crossEntropyLoss } from "./local_losses.ts";
import type { FederatedMethod } from "./method.ts";
import { prrfl } from "./prrfl.ts";

/** What is aggregated and how is PRR-FL's; an ablation of it. */
export const pfa: FederatedMethod = {
  roles: ["local"],
  personalRole: "local",
  localLoss: crossEntropyLoss,
  sharing: { ...prrfl.sharing, role: "local" },
};
