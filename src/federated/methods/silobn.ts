// SiloBN (Andreux et al. 2020): FedAvg in which the running statistics stay with each client.

import { averageOverClients } from "../aggregate/average.ts";
import { crossEntropyLoss } from "./local_losses.ts";
import type { FederatedMethod } from "./method.ts";

/** Unlike in FedBN, scale and shift of normalization are averaged. */
export const silobn: FederatedMethod = {
  roles: ["local"],
  personalRole: "local",
  localLoss: crossEntropyLoss,
  sharing: {
    role: "local",
    receivers: "all",
    aggregation: (kind) => kind === "statistics" ? null : averageOverClients,
  },
};
