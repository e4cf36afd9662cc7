// The methods that come with the program, by name.

import { det } from "./det.ts";
import { fedavg } from "./fedavg.ts";
import { fedbn } from "./fedbn.ts";
import { fedprox } from "./fedprox.ts";
import { fml } from "./fml.ts";
import { local } from "./local.ts";
import type { FederatedMethod } from "./method.ts";
import { pfa } from "./pfa.ts";
import { prrfl } from "./prrfl.ts";
import { silobn } from "./silobn.ts";

const methods = { local, fedavg, fedprox, fedbn, silobn, fml, pfa, det, prrfl };

export type MethodName = keyof typeof methods;

/** From the simplest to the whole of PRR-FL. */
export const builtInMethods: Readonly<Record<MethodName, FederatedMethod>> = methods;

/** A method by its name, or one of your own as it is. */
export function methodOf(method: MethodName | FederatedMethod): FederatedMethod {
  return typeof method === "string" ? builtInMethods[method] : method;
}
