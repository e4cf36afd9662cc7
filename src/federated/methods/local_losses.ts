// What clients minimize, for methods to choose from.

import { add } from "../../ops/arithmetic.ts";
import { crossEntropy, deputyTransferLoss } from "../../ops/losses.ts";
import { everyModel } from "../../ops/stack.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { LocalBatch } from "./method.ts";

/** The cross-entropy of each model by itself. */
export function crossEntropyLoss({ logits, labels, counts }: LocalBatch): Tensor {
  return crossEntropy(logits, labels, { counts });
}

/** Deputy-Enhanced Transfer between a personal model (the first role) and a deputy (the second). */
export function transferLoss({ logits, labels, counts, stages }: LocalBatch): Tensor {
  const ofRole = (tensor: Tensor, role: number) => everyModel(tensor, role, 2);
  const losses = deputyTransferLoss(
    ofRole(logits, 0),
    ofRole(logits, 1),
    ofRole(labels, 0), // both models of a client see the same batch
    { stages, counts: ofRole(counts, 0) },
  );
  return add(losses.personal, losses.deputy);
}
