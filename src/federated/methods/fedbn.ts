// FedBN (Li et al. 2021): FedAvg in which normalization stays with each client.

import { averaged } from "./exchanges.ts";
import { crossEntropyLoss } from "./local_losses.ts";
import { defineMethod } from "./method.ts";

/** Neither scale and shift nor running statistics of normalization are shared. */
export const fedbn = defineMethod({
  title: "FedBN",
  roles: ["local"],
  personalRole: "local",
  localLoss: crossEntropyLoss,
  sharing: averaged("local", "norm", "statistics"),
});
