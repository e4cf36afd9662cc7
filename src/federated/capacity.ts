// How many models, and so how many clients, an adapter can advance in one dispatch.

import { vggLargestActivation, vggSize } from "../nn/vgg.ts";
import type { Gpu } from "../tensor/gpu.ts";
import type { Architecture } from "./checkpoint.ts";
import { ConfigError, type SimulationConfig } from "./config.ts";
import type { FederatedMethod } from "./methods/method.ts";

/** Models, with the batch that each of them is given. */
export interface Workload extends Architecture {
  /** height and width of the images, pixels */
  readonly imageSize: number;
  readonly batchSize: number;
}

/**
 * The largest stack of which the adapter can bind every tensor; 0 where a single model is too large.
 *
 * @throws {RangeError} if the width leaves a layer without channels
 */
export function modelsThatFit(gpu: Gpu, workload: Workload): number {
  const { network, width, classNames, imageSize, batchSize } = workload;
  const activation = batchSize * vggLargestActivation(imageSize, width);
  const bias = network === "vgg_b";
  const parameters = vggSize({ numClasses: classNames.length, bias, width });
  const padding = 1.01; // blocks of parameters begin at multiples of 256 bytes
  const bytes = 4 * Math.max(activation, padding * parameters);
  return Math.floor(gpu.adapter.limits.maxStorageBufferBindingSize / bytes);
}

/**
 * How many clients' models advance in one dispatch: what was asked for, or as many as the adapter can bind.
 *
 * @throws {ConfigError} if activations or parameters of so many do not fit
 */
export function parallelClients(
  gpu: Gpu,
  config: SimulationConfig,
  method: FederatedMethod,
): number {
  const { dataset, batchSize, network, width } = config;
  const { imageSize, classNames } = dataset;
  const models = modelsThatFit(gpu, { network, width, classNames, imageSize, batchSize });
  const fitting = Math.floor(models / method.roles.length);
  const { parallelClients: wanted } = config;
  const least = wanted === "auto" ? 1 : Math.min(wanted, dataset.clients.length);
  if (fitting < least) {
    throw new ConfigError(
      `Cannot simulate ${least} parallel clients: adapter "${gpu.adapter.name}" has room for ${fitting} ` +
        `at batch size ${batchSize}, ${dataset.imageSize} pixels and width ${width}; make one of them smaller`,
    );
  }
  return wanted === "auto" ? Math.min(fitting, dataset.clients.length) : least;
}
