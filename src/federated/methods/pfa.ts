// PRR-FL's aggregation alone: PFA of a single model per client, without a deputy.

import { fourierRate } from "../aggregate/fourier.ts";
import { averaging, fourierAveraging } from "./exchanges.ts";
import { crossEntropyLoss } from "./local_losses.ts";
import { defineMethod, type MethodSetting, type SharedKind, type Sharing } from "./method.ts";

/** How PFA's share of low frequencies begins. */
export const fourierSettings = {
  fourierRate: {
    default: 0.7,
    source: "official",
    min: 0,
    max: 1,
    flag: "l_rate",
    aliases: ["fourier-rate"],
    help: "PFA's share of low frequencies in the first round",
  },
} as const satisfies Readonly<Record<string, MethodSetting>>;

/** Progressive Fourier Aggregation of a role's weights (section 2.1 of Chen et al. 2021). */
export function fourierSharing(role: string): Sharing<keyof typeof fourierSettings> {
  return {
    role,
    receivers: "senders",
    rate: (round, rounds, settings) => fourierRate(round, rounds, settings.fourierRate),
    /** Normalization stays with each client; biases, which PFA is not defined for, are averaged. */
    exchange(kind: SharedKind) {
      switch (kind) {
        case "conv":
        case "linear":
          return fourierAveraging;
        case "bias":
          return averaging;
        case "norm":
        case "statistics":
          return null;
      }
    },
  };
}

/** An ablation: what is aggregated and how is PRR-FL's. */
export const pfa = defineMethod({
  title: "PFA",
  settings: fourierSettings,
  roles: ["local"],
  personalRole: "local",
  sharing: fourierSharing("local"),
  localLoss: crossEntropyLoss,
});
