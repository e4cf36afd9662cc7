// FedAvg (McMahan et al. 2017): one model, of which the server averages everything.

import { averaged } from "./exchanges.ts";
import { crossEntropyLoss } from "./local_losses.ts";
import { defineMethod } from "./method.ts";

/** All parameters and the running statistics are averaged; `num_batches_tracked` is each client's own. */
export const fedavg = defineMethod({
  title: "FedAvg",
  roles: ["local"],
  personalRole: "local",
  localLoss: crossEntropyLoss,
  sharing: averaged("local"),
});
