// What the parts of the stack are told: the GPU, the configuration, and its method.

import type { Gpu } from "../../tensor/gpu.ts";
import type { Module } from "../../nn/module.ts";
import { makeModule } from "../../nn/network.ts";
import { builtInNetworks } from "../../nn/networks.ts";
import type { SimulationConfig } from "../config.ts";
import { asConfigError, ConfigError } from "../errors.ts";
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
 * @throws {ConfigError} if the network does not fit the data, or the method
 */
export function setupOf(gpu: Gpu, config: SimulationConfig): Setup {
  const method = methodOf(config.method);
  const module = moduleOf(gpu, config);
  if (method.trains && !hasClassifier(module)) {
    throw new ConfigError(
      "Cannot simulate the method: it trains a part of the network at a time, but the network does not say " +
        'what its classifier is; give that layer { part: "classifier" }',
    );
  }
  return { gpu, config, method, settings: settingsOf(method, config), module };
}

/** Whether a network says what its classifier is: for losses of features, and for phases that train a part. */
export function hasClassifier({ parameters }: Module): boolean {
  return parameters.some(({ part }) => part === "classifier");
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
