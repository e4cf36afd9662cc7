// PRR-FL (Chen et al. 2021): the server averages low frequencies, a deputy carries knowledge in and out.

import { stageDecision, stageSettings } from "./det.ts";
import { transferLoss } from "./local_losses.ts";
import { defineMethod } from "./method.ts";
import { fourierSettings, fourierSharing } from "./pfa.ts";

/** Algorithm 1: PFA of the deputies, and DET between each of them and its client's personal model. */
export const prrfl = defineMethod({
  title: "PRR-FL",
  settings: { ...fourierSettings, ...stageSettings },
  roles: ["personal", "deputy"],
  personalRole: "personal",
  sharing: fourierSharing("deputy"),
  beforeEpoch: stageDecision,
  localLoss: transferLoss,
});
