// PRR-FL (Chen et al. 2021): the server averages low frequencies, a deputy carries knowledge in and out.

import { averageOverClients } from "../aggregate/average.ts";
import { progressiveFourierAggregation } from "../aggregate/fourier.ts";
import { transferLoss } from "./local_losses.ts";
import type { FederatedMethod, SharedKind } from "./method.ts";

export const prrfl = {
  roles: ["personal", "deputy"],
  personalRole: "personal",
  transfer: "staged",
  localLoss: transferLoss,
  sharing: {
    role: "deputy",
    receivers: "senders",
    usesRate: true,
    /** Normalization stays with each client; biases, which PFA is not defined for, are averaged. */
    aggregation(kind: SharedKind) {
      switch (kind) {
        case "conv":
        case "linear":
          return progressiveFourierAggregation;
        case "bias":
          return averageOverClients;
        case "norm":
        case "statistics":
          return null;
      }
    },
  },
} as const satisfies FederatedMethod;
