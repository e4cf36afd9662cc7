// What becomes of tensors on the server, for methods to choose from.

import {
  lowAmplitudes,
  progressiveFourierAggregation,
  withAmplitudes,
} from "../aggregate/fourier.ts";
import { expectChoice } from "../../tensor/checks.ts";
import { type Exchange, type SharedKind, sharedKinds, type Sharing } from "./method.ts";

/** Every client receives the mean of what all have sent, as in FedAvg. */
export const averaging: Exchange = { title: "averaged" };

/**
 * Progressive Fourier Aggregation: amplitudes inside the window are sent, and taken with a client's own phases and high
 * frequencies. In one process both are done at once, for each needs the same transform.
 */
export const fourierAveraging: Exchange = {
  title: "low frequencies averaged",
  send: (own, { rate }) => lowAmplitudes(own, { rate }),
  take: (own, mean, { rate }) => withAmplitudes(own, mean, { rate }),
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
