// Federated Mutual Learning (Shen et al. 2020, arXiv:2006.16765): a personal model and a deputy that always teach each other.

import { averaged } from "./exchanges.ts";
import { mutualLoss } from "./local_losses.ts";
import { defineMethod, type MethodSetting } from "./method.ts";

/** The paper has 0.5 for both models. */
const share = { default: 0.5, source: "ours", min: 0, max: 1 } as const satisfies Partial<
  MethodSetting
>;

/**
 * The deputies (the paper's meme models) go through plain FedAvg: all of their parameters and running
 * statistics are averaged, normalization included, because FML sends the whole model. Personal models stay.
 */
export const fml = defineMethod({
  title: "FML",
  settings: {
    fmlAlpha: {
      ...share,
      flag: "fml-alpha",
      help: "FML: share of cross-entropy in the personal model's loss",
    },
    fmlBeta: {
      ...share,
      flag: "fml-beta",
      help: "FML: share of cross-entropy in the deputy's loss",
    },
  },
  roles: ["personal", "deputy"],
  personalRole: "personal",
  sharing: averaged("deputy"),
  beforeEpoch: { evaluates: () => false, decide: () => 4 },
  localLoss: mutualLoss,
});
