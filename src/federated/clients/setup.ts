// What the parts of the stack are told: the GPU, the configuration, and its method.

import type { Gpu } from "../../tensor/gpu.ts";
import type { Module } from "../../nn/module.ts";
import { makeModule } from "../../nn/network.ts";
import { builtInNetworks } from "../../nn/networks.ts";
import type { SimulationConfig } from "../config.ts";
import { asConfigError } from "../errors.ts";
import type { FederatedMethod, Settings } from "../methods/method.ts";
import { methodOf, settingsOf } from "../methods/registry.ts";

export interface Setup {
  readonly gpu: Gpu;
  readonly config: SimulationConfig;
  readonly method: FederatedMethod;
  /** values of the method's own settings */
  readonly settings: Settings;
  /** the network's layers */
  readonly module: Module;
}

/**
 * What names in a configuration stand for.
 *
 * @throws {ConfigError} if the network does not fit the data
 */
export function setupOf(gpu: Gpu, config: SimulationConfig): Setup {
  const method = methodOf(config.method);
  const settings = settingsOf(method, { ...config, ...config.methodSettings });
  return { gpu, config, method, settings, module: moduleOf(gpu, config) };
}

/**
 * The layers of a configuration's network.
 *
 * @throws {ConfigError} if they do not fit the data
 */
export function moduleOf(
  gpu: Gpu,
  { network, width, dataset: { imageSize, classNames } }: Pick<
    SimulationConfig,
    "network" | "width" | "dataset"
  >,
): Module {
  const make = typeof network === "string" ? builtInNetworks[network] : network;
  const options = { numClasses: classNames.length, imageSize, width };
  return asConfigError("The network does not work", () => makeModule(gpu, make, options));
}
