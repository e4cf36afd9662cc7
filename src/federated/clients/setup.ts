// What the parts of the stack are told: the GPU, the configuration, and its method.

import type { Gpu } from "../../tensor/gpu.ts";
import type { SimulationConfig } from "../config.ts";
import type { FederatedMethod, Settings } from "../methods/method.ts";
import { methodOf, settingsOf } from "../methods/registry.ts";

export interface Setup {
  readonly gpu: Gpu;
  readonly config: SimulationConfig;
  readonly method: FederatedMethod;
  /** values of the method's own settings */
  readonly settings: Settings;
}

/** The method by its name, and the values of its settings. */
export function setupOf(gpu: Gpu, config: SimulationConfig): Setup {
  const method = methodOf(config.method);
  const settings = settingsOf(method, { ...config, ...config.methodSettings });
  return { gpu, config, method, settings };
}
