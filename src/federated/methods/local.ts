// Local training alone: each client has one model and never communicates. What federation has to beat.

import { crossEntropyLoss } from "./local_losses.ts";
import { defineMethod } from "./method.ts";

export const local = defineMethod({
  title: "Local",
  roles: ["local"],
  personalRole: "local",
  localLoss: crossEntropyLoss,
  sharing: null,
});
