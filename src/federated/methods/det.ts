// PRR-FL's deputy alone: Deputy-Enhanced Transfer, with plain averaging in place of PFA.

import { averaged } from "./exchanges.ts";
import { transferLoss } from "./local_losses.ts";
import { defineMethod, type MethodSetting, type StageDecision } from "./method.ts";
import { transferStage } from "./transfer_stage.ts";

/** Shares of the personal model's F1 at which a deputy changes its stage. */
export const stageSettings = {
  alpha1: {
    default: 0.7,
    source: "official",
    min: 0,
    help: "a deputy below this times the personal F1 recovers",
    leastLocalEpochs: 2,
  },
  alpha2: {
    default: 0.9,
    source: "official",
    min: 0,
    help: "a deputy from this times the personal F1 on teaches",
    leastLocalEpochs: 2,
  },
} as const satisfies Readonly<Record<string, MethodSetting>>;

/** Looks at both models of a client before every epoch; of a single one there is nothing to decide. */
export const stageDecision: StageDecision<keyof typeof stageSettings> = {
  evaluates: (localEpochs) => localEpochs > 1,
  decide: (previous, f1, { alpha1, alpha2 }) =>
    f1 === null ? 4 : transferStage(previous, f1.deputy, f1.personal, { alpha1, alpha2 }),
};

/** Normalization stays with each client as in PRR-FL, so that PFA is all that this ablation lacks. */
export const det = defineMethod({
  title: "DET",
  settings: stageSettings,
  roles: ["personal", "deputy"],
  personalRole: "personal",
  sharing: averaged("deputy", "norm", "statistics"),
  beforeEpoch: stageDecision,
  localLoss: transferLoss,
});
