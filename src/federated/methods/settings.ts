// Which settings a method makes use of, and when it has stages to decide.

import { type FederatedMethod, sharedKinds } from "./method.ts";

/** Settings of `SimulationConfig` that some methods do without. */
export type MethodSetting =
  | "fourierRate"
  | "alpha1"
  | "alpha2"
  | "proximalMu"
  | "fmlAlpha"
  | "fmlBeta"
  | "clientWeights"
  | "dropout";

/** Whether each setting changes anything with this method, in rounds of so many local epochs. */
export function settingsUsedBy(
  method: FederatedMethod,
  localEpochs: number,
): Readonly<Record<MethodSetting, boolean>> {
  const { proximal = false, weighsLosses = false, sharing } = method;
  const decides = decidesStages(method, localEpochs);
  return {
    fourierRate: sharing?.usesRate ?? false,
    alpha1: decides,
    alpha2: decides,
    proximalMu: proximal,
    fmlAlpha: weighsLosses,
    fmlBeta: weighsLosses,
    clientWeights: sharing !== null,
    dropout: sharing !== null,
  };
}

/** The role whose whole model every client receives from the server, one and the same; null if there is none. */
export function sharedAsWhole({ sharing }: FederatedMethod): string | null {
  const isWhole = sharing?.receivers === "all" &&
    sharedKinds.every((kind) => sharing.aggregation(kind) !== null);
  return isWhole ? sharing.role : null;
}

/** Whether DET looks at both models of each client; with a single local epoch there is nothing to decide. */
export function decidesStages({ transfer }: FederatedMethod, localEpochs: number): boolean {
  return transfer === "staged" && localEpochs > 1;
}
