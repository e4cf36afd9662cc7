// FedProx (Li et al. 2020): FedAvg whose clients are pulled back to the weights they received.

import { averageOverClients } from "../aggregate/average.ts";
import { crossEntropyLoss } from "./local_losses.ts";
import type { FederatedMethod } from "./method.ts";

/** The local loss is cross-entropy + μ/2 · ‖w − w_received‖²; the loss that is reported is cross-entropy alone. */
export const fedprox: FederatedMethod = {
  roles: ["local"],
  personalRole: "local",
  proximal: true,
  localLoss: crossEntropyLoss,
  sharing: { role: "local", receivers: "all", aggregation: () => averageOverClients },
};
