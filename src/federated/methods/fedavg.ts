// FedAvg (McMahan et al. 2017): one model, of which the server averages everything.

import { averageOverClients } from "../aggregate/average.ts";
import { crossEntropyLoss } from "./local_losses.ts";
import type { FederatedMethod } from "./method.ts";

/** All parameters and the running statistics are averaged; `num_batches_tracked` is each client's own. */
export const fedavg: FederatedMethod = {
  roles: ["local"],
  personalRole: "local",
  localLoss: crossEntropyLoss,
  sharing: { role: "local", receivers: "all", aggregation: () => averageOverClients },
};
