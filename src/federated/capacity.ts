// How many models an adapter can advance in one dispatch.

import { vggLargestActivation, vggSize } from "../nn/vgg.ts";
import type { Gpu } from "../tensor/gpu.ts";
import type { Architecture } from "./checkpoint.ts";

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
