// FedBN (Li et al. 2021): FedAvg in which normalization stays with each client.

import { averageOverClients } from "../aggregate/average.ts";
import { crossEntropyLoss } from "./local_losses.ts";
import type { FederatedMethod } from "./method.ts";

/** Neither scale and shift nor running statistics of normalization are shared. */
export const fedbn: FederatedMethod = {
  roles: ["local"],
  personalRole: "local",
  localLoss: crossEntropyLoss,
  sharing: {
    role: "local",
    receivers: "all",
    aggregation: (kind) => kind === "norm" || kind === "statistics" ? null : averageOverClients,
  },
};
