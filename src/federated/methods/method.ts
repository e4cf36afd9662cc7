// What distinguishes one federated method from another.

import type { ParameterKind } from "../../nn/module.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What the local loss of a step is computed from. Models are client-major: client k, role r is k·R + r. */
export interface LocalBatch {
  /** `[clients · roles, N, classes]` */
  readonly logits: Tensor;
  /** `[clients · roles, N]` i32 */
  readonly labels: Tensor;
  /** `[clients · roles]` u32: real rows */
  readonly counts: Tensor;
  /** `[clients]` u32: each client's stage of DET */
  readonly stages: Tensor;
}

/**
 * What each client receives for one parameter.
 *
 * @param weights `[clients, …]`, what the clients sent
 * @param options `rate`: PFA's low-frequency share in this round
 * @returns the same shape
 */
export type Aggregation = (weights: Tensor, options: { rate: number }) => Tensor;

/** A federated method. */
export interface FederatedMethod {
  /** the models that each client holds */
  readonly roles: readonly string[];
  /** the role whose metrics are a client's result, and by which the best round is chosen */
  readonly personalRole: string;
  /** the role that sends its weights to the server and receives weights from it */
  readonly sharedRole: string;
  /** whether the local loss depends on DET's stages, which cost an evaluation before every epoch */
  readonly usesStages: boolean;
  /** losses to minimize; only their sum matters, so any shape */
  localLoss(batch: LocalBatch): Tensor;
  /** How the server aggregates parameters of a kind; null if clients keep their own. */
  aggregation(kind: ParameterKind): Aggregation | null;
}
