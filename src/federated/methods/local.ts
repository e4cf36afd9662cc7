// Local training alone: each client has one model and never communicates. What federation has to beat.

import { crossEntropyLoss } from "./local_losses.ts";
import type { FederatedMethod } from "./method.ts";

export const local: FederatedMethod = {
  roles: ["local"],
  personalRole: "local",
  localLoss: crossEntropyLoss,
  sharing: null,
};
