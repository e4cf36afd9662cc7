// SiloBN (Andreux et al. 2020): FedAvg in which the running statistics stay with each client.

import { averaged } from "./exchanges.ts";
import { crossEntropyLoss } from "./local_losses.ts";
import { defineMethod } from "./method.ts";

/** Unlike in FedBN, scale and shift of normalization are averaged. */
export const silobn = defineMethod({
  title: "SiloBN",
  roles: ["local"],
  personalRole: "local",
  localLoss: crossEntropyLoss,
  sharing: averaged("local", "statistics"),
});
