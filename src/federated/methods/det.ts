// PRR-FL's deputy alone: Deputy-Enhanced Transfer, with plain averaging in place of PFA.

import { averageOverClients } from "../aggregate/average.ts";
import { transferLoss } from "./local_losses.ts";
import type { FederatedMethod } from "./method.ts";

/** Normalization stays with each client as in PRR-FL, so that PFA is all that this ablation lacks. */
export const det: FederatedMethod = {
  roles: ["personal", "deputy"],
  personalRole: "personal",
  transfer: "staged",
  localLoss: transferLoss,
  sharing: {
    role: "deputy",
    receivers: "all",
    aggregation: (kind) => kind === "norm" || kind === "statistics" ? null : averageOverClients,
  },
};
