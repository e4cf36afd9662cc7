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
  /** `[clients]` u32: each client's stage of DET; for methods without transfer it says nothing */
  readonly stages: Tensor;
}

/** Settings that a local loss may depend on. */
export interface LossSettings {
  /** FML's α: the share of cross-entropy in the personal model's loss, in [0, 1] */
  readonly fmlAlpha: number;
  /** FML's β: the same for the deputy */
  readonly fmlBeta: number;
}

/** What can be shared: parameters by their kind, and normalization's running means and variances. */
export type SharedKind = ParameterKind | "statistics";

/** All of them. */
export const sharedKinds: readonly SharedKind[] = ["conv", "linear", "bias", "norm", "statistics"];

/**
 * What each client receives for one tensor.
 *
 * @param sent `[clients, …]`, what the clients sent
 * @param options `rate`: PFA's low-frequency share in this round; `clientWeights` `[clients]` f32: how much
 *   each of them counts in means, relative to the others
 * @returns the same shape
 */
export type Aggregation = (
  sent: Tensor,
  options: { rate: number; clientWeights: Tensor },
) => Tensor;

/** What goes through the server, and how. */
export interface Sharing {
  /** the role that sends its state to the server and receives from it */
  readonly role: string;
  /**
   * Who receives the result: `all` clients, whether they took part or not, where it is one and the same for
   * all; or the `senders`, each its own
   */
  readonly receivers: "all" | "senders";
  /** whether the aggregation uses `rate`, which the events then tell */
  readonly usesRate?: boolean;
  /** How the server aggregates tensors of a kind; null if clients keep their own. */
  aggregation(kind: SharedKind): Aggregation | null;
}

/** A federated method. */
export interface FederatedMethod {
  /** the models that each client holds */
  readonly roles: readonly string[];
  /** the role whose metrics are a client's result, and by which the best round is chosen */
  readonly personalRole: string;
  /**
   * Whether the personal and the shared model of a client teach each other: always `mutual`, or `staged` by
   * DET, which costs an evaluation of both before every epoch. Default `none`.
   */
  readonly transfer?: "none" | "mutual" | "staged";
  /** whether training pulls each model to where it began the round (`proximalMu`); default false */
  readonly proximal?: boolean;
  /** whether `localLoss` makes use of `fmlAlpha` and `fmlBeta`; default false */
  readonly weighsLosses?: boolean;
  /** losses to minimize; only their sum matters, so any shape */
  localLoss(batch: LocalBatch, settings: LossSettings): Tensor;
  /** null if clients never communicate */
  readonly sharing: Sharing | null;
}
