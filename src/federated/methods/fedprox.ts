// FedProx (Li et al. 2020): FedAvg whose clients are pulled back to the weights they received.

import { scale, sub } from "../../ops/arithmetic.ts";
import { averaged } from "./exchanges.ts";
import { crossEntropyLoss } from "./local_losses.ts";
import { defineMethod } from "./method.ts";

/** The local loss is cross-entropy + μ/2 · ‖w − w_received‖²; the loss that is reported is cross-entropy alone. */
export const fedprox = defineMethod({
  title: "FedProx",
  settings: {
    proximalMu: {
      default: 0.01, // the paper tries 0.001, 0.01, 0.1 and 1
      source: "ours",
      min: 0,
      flag: "mu",
      aliases: ["proximal-mu"],
      help: "FedProx's pull to the weights received",
    },
  },
  roles: ["local"],
  personalRole: "local",
  memory: { anchor: "training" },
  sharing: averaged("local"),
  localLoss: crossEntropyLoss,
  beforeRound: ({ parameter }) => ({ anchor: parameter }),
  gradientTerm: ({ parameter, memory: { anchor } }, { proximalMu }) =>
    scale(sub(parameter, anchor), proximalMu),
  divergenceCause: ({ proximalMu }) => `a proximal mu that is too large (${proximalMu})`,
});
