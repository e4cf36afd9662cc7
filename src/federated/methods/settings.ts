// Which settings a method makes use of.

import type { FederatedMethod } from "./method.ts";

/** Settings of `SimulationConfig` that some methods do without. */
export type MethodSetting =
  | "fourierRate"
  | "alpha1"
  | "alpha2"
  | "proximalMu"
  | "clientWeights"
  | "dropout";

/** Whether each setting changes anything with this method. */
export function settingsUsedBy(
  { transfer, proximal = false, sharing }: FederatedMethod,
): Readonly<Record<MethodSetting, boolean>> {
  return {
    fourierRate: sharing?.usesRate ?? false,
    alpha1: transfer === "staged",
    alpha2: transfer === "staged",
    proximalMu: proximal,
    clientWeights: sharing !== null,
    dropout: sharing !== null,
  };
}
