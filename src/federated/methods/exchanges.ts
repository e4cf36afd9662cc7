// What becomes of tensors on the server, for methods to choose from.

import { progressiveFourierAggregation } from "../aggregate/fourier.ts";
import { expectChoice } from "../../tensor/checks.ts";
import { type Exchange, type SharedKind, sharedKinds, type Sharing } from "./method.ts";

/** Every client receives the mean of what all have sent, as in FedAvg. */
export const averaging: Exchange = { title: "averaged" };

/** Progressive Fourier Aggregation. */
export const fourierAveraging: Exchange = {
  title: "low frequencies averaged",
  together: progressiveFourierAggregation,
};

/**
 * All clients receive the means over a role's models, but of the kinds that they keep for themselves.
 *
 * @throws {RangeError} for a kind that is none
 */
export function averaged(role: string, ...kept: readonly SharedKind[]): Sharing<never> {
  for (const kind of kept) expectChoice("averaged", "kind", kind, sharedKinds);
  return {
    role,
    receivers: "all",
    exchange: (kind) => kept.includes(kind) ? null : averaging,
  };
}
