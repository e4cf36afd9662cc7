// Which settings a method makes use of, and when it has stages to decide.

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
  method: FederatedMethod,
  localEpochs: number,
): Readonly<Record<MethodSetting, boolean>> {
  const { proximal = false, sharing } = method;
  const decides = decidesStages(method, localEpochs);
  return {
    fourierRate: sharing?.usesRate ?? false,
    alpha1: decides,
    alpha2: decides,
    proximalMu: proximal,
    clientWeights: sharing !== null,
    dropout: sharing !== null,
  };
}

/** Whether DET looks at both models of each client; with a single local epoch there is nothing to decide. */
export function decidesStages({ transfer }: FederatedMethod, localEpochs: number): boolean {
  return transfer === "staged" && localEpochs > 1;
}
