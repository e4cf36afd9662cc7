// What clients minimize, for methods to choose from.

import { add, scale } from "../../ops/arithmetic.ts";
import { crossEntropy, deputyTransferLoss, klDiv } from "../../ops/losses.ts";
import { everyModel } from "../../ops/stack.ts";
import { expectOptions } from "../../tensor/checks.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { LocalBatch, Settings } from "./method.ts";

/** What every loss needs of a batch. */
const ofEach = ["logits", "labels", "counts"];

/** The cross-entropy of each model by itself. */
export function crossEntropyLoss(batch: LocalBatch): Tensor {
  const { logits, labels, counts } = checked("crossEntropyLoss", batch, ofEach);
  return crossEntropy(logits, labels, { counts });
}

/**
 * FML's losses of a personal model (the first role) and a deputy (the second), eqs. 4 and 5 of Shen et al. 2020:
 * α·CE + (1 − α)·KL(deputy → personal), and β·CE + (1 − β)·KL(personal → deputy). The teacher is a constant in each.
 */
export function mutualLoss(
  batch: LocalBatch,
  { fmlAlpha, fmlBeta }: Settings<"fmlAlpha" | "fmlBeta">,
): Tensor {
  const { logits, labels, counts } = checked("mutualLoss", batch, ofEach);
  const loss = (role: number, share: number) => {
    const [own, other] = [ofRole(logits, role), ofRole(logits, 1 - role)];
    const options = { counts: ofRole(counts, role) };
    return add(
      scale(crossEntropy(own, ofRole(labels, role), options), share),
      scale(klDiv(own, other, options), 1 - share),
    );
  };
  return add(loss(0, fmlAlpha), loss(1, fmlBeta));
}

/** Deputy-Enhanced Transfer between a personal model (the first role) and a deputy (the second). */
export function transferLoss(batch: LocalBatch): Tensor {
  const { logits, labels, counts, stages } = checked("transferLoss", batch, [...ofEach, "stages"]);
  const losses = deputyTransferLoss(
    ofRole(logits, 0),
    ofRole(logits, 1),
    ofRole(labels, 0), // both models of a client see the same batch
    { stages, counts: ofRole(counts, 0) },
  );
  return add(losses.personal, losses.deputy);
}

function checked(op: string, batch: LocalBatch, needed: readonly string[]): LocalBatch {
  expectOptions(op, batch, [...ofEach, "features", "stages"], needed);
  return batch;
}

/** The models of one of two roles. */
function ofRole(tensor: Tensor, role: number): Tensor {
  return everyModel(tensor, role, 2);
}
