// PRR-FL (Chen et al. 2021): the server averages low frequencies, a deputy carries knowledge in and out.

import { add } from "../../ops/add.ts";
import { deputyTransferLoss } from "../../ops/losses.ts";
import { everyModel } from "../../ops/stack.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { averageOverClients } from "../aggregate/average.ts";
import { progressiveFourierAggregation } from "../aggregate/fourier.ts";
import type { FederatedMethod } from "./method.ts";

const roles = ["personal", "deputy"];

export const prrfl: FederatedMethod = {
  roles,
  personalRole: "personal",
  sharedRole: "deputy",
  usesStages: true,

  localLoss({ logits, labels, counts, stages }) {
    const ofRole = (tensor: Tensor, role: number) => everyModel(tensor, role, roles.length);
    const losses = deputyTransferLoss(
      ofRole(logits, 0),
      ofRole(logits, 1),
      ofRole(labels, 0), // both models of a client see the same batch
      { stages, counts: ofRole(counts, 0) },
    );
    return add(losses.personal, losses.deputy);
  },

  /** Normalization stays with each client; biases, which PFA is not defined for, are averaged. */
  aggregation(kind) {
    switch (kind) {
      case "conv":
      case "linear":
        return progressiveFourierAggregation;
      case "bias":
        return averageOverClients;
      case "norm":
        return null;
    }
  },
};
