// How many models, and so how many clients, an adapter can advance in one dispatch.

import type { Module } from "../../nn/module.ts";
import { largestActivation, parameterCount } from "../../nn/network.ts";
import type { Gpu } from "../../tensor/gpu.ts";
import { ConfigError } from "../errors.ts";
import { mostRows } from "./order.ts";
import type { Setup } from "./setup.ts";
import { estimatedMemory } from "./workload.ts";

/** Models, with the batch that each of them is given. */
export interface BatchOfModels {
  readonly module: Module;
  /** height and width of the images, pixels */
  readonly imageSize: number;
  readonly batchSize: number;
}

const mebibyte = 2 ** 20;

/** The largest stack of which the adapter can bind every tensor; 0 where a single model is too large. */
export function modelsThatFit(gpu: Gpu, models: BatchOfModels): number {
  const { bytes } = largestTensor(models);
  return Math.floor(gpu.adapter.limits.maxStorageBufferBindingSize / bytes);
}

/** Of all that is bound as a whole, for one model. */
function largestTensor(
  { module, imageSize, batchSize }: BatchOfModels,
): { readonly claim: string; readonly bytes: number } {
  const activation = batchSize * largestActivation(module, imageSize);
  const padding = 1.01; // blocks of parameters begin at multiples of 256 bytes
  const parameters = padding * parameterCount(module);
  return activation > parameters
    ? {
      claim: "what a convolution of all their models gives for a batch takes",
      bytes: 4 * activation,
    }
    : { claim: "the parameters of all their models take", bytes: 4 * parameters };
}

/**
 * How many clients' models advance in one dispatch: what was asked for, or as many as the adapter can bind and the
 * memory limit allows.
 *
 * @param before of the state within a local epoch that the run goes on from, which "auto" keeps
 * @throws {ConfigError} if activations or parameters of so many do not fit
 */
export function parallelClients(setup: Setup, before: number | null = null): number {
  const { gpu, config, method, module } = setup;
  const { dataset, batchSize, width, memoryLimit } = config;
  const wanted = config.parallelClients === "auto" ? before ?? "auto" : config.parallelClients;
  const { imageSize, clients } = dataset;
  const ofOne = { module, imageSize, batchSize: mostRows(config) };
  const fitting = Math.floor(modelsThatFit(gpu, ofOne) / method.roles.length);
  const least = wanted === "auto" ? 1 : Math.min(wanted, clients.length);
  const subject = least === 1 ? "a single client" : `${least} parallel clients`;
  const remedy =
    `${least > 1 ? "choose fewer parallel clients, or " : ""}make one of them smaller: ` +
    `batch size ${batchSize}, image size ${imageSize}, width ${width}`;
  if (fitting < least) {
    const { claim, bytes } = largestTensor(ofOne);
    const models = least * method.roles.length;
    throw new ConfigError(
      `Cannot simulate ${subject}: ${claim} ` +
        `${inMebibytes(models * bytes)}, but adapter "${gpu.adapter.name}" binds at most ` +
        `${inMebibytes(gpu.adapter.limits.maxStorageBufferBindingSize)} at once; ${remedy}`,
    );
  }
  const most = wanted === "auto" ? Math.min(fitting, clients.length) : least;
  if (memoryLimit === null) return most;
  for (let count = most; count >= least; count--) {
    if (estimatedMemory(setup, count) <= memoryLimit * mebibyte) return count;
  }
  const estimate = inMebibytes(estimatedMemory(setup, least));
  throw new ConfigError(
    `Cannot simulate ${subject} in ${memoryLimit} MiB of memory: about ${estimate} are needed; ` +
      `raise the memory limit, or ${remedy}`,
  );
}

function inMebibytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(1)} MiB`;
}
