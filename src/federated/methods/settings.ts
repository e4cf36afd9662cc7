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

/** Whether each setting changes anything with this method, in rounds of so many local epochs. */
export function settingsUsedBy(
  { transfer, proximal = false, sharing }: FederatedMethod,
  localEpochs: number,
): Readonly<Record<MethodSetting, boolean>> {
  const decides = transfer === "staged" && localEpochs > 1;
  return {
    fourierRate: sharing?.usesRate ?? false,
    alpha1: decides,
    alpha2: decides,
    proximalMu: proximal,
    clientWeights: sharing !== null,
    dropout: sharing !== null,
  };
}
