// Federated Mutual Learning (Shen et al. 2020, arXiv:2006.16765): a personal model and a deputy that always teach each other.

import { averageOverClients } from "../aggregate/average.ts";
import { mutualLoss } from "./local_losses.ts";
import type { FederatedMethod } from "./method.ts";

/**
 * The deputies (the paper's meme models) go through plain FedAvg: all of their parameters and running
 * statistics are averaged, normalization included, because FML sends the whole model. Personal models stay.
 */
export const fml: FederatedMethod = {
  roles: ["personal", "deputy"],
  personalRole: "personal",
  transfer: "mutual",
  weighsLosses: true,
  localLoss: mutualLoss,
  sharing: { role: "deputy", receivers: "all", aggregation: () => averageOverClients },
};
