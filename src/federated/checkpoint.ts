// What a checkpoint's metadata tell of its network, and the models that are made from checkpoints.

import type { Gpu } from "../tensor/gpu.ts";
import type { Module } from "../nn/module.ts";
import { loadStateDict } from "../nn/state_dict.ts";
import { Model } from "../nn/model.ts";
import { makeModule, type Network } from "../nn/network.ts";
import { builtInNetworks } from "../nn/networks.ts";
import { expectOptions } from "../tensor/checks.ts";
import type { HostTensor } from "../tensor/host_tensor.ts";
import { defaultImageSize, networks } from "./config.ts";
import { ConfigError } from "./errors.ts";
import { Owned } from "../owned.ts";

/** What has to be known of a network before its weights can be loaded. */
export interface Architecture {
  readonly network: Network;
  /** what it is called, for messages */
  readonly networkName: string;
  /** factor on all channel counts; 1 is the paper's network */
  readonly width: number;
  /** by index; their number is the number of logits */
  readonly classNames: readonly string[];
  /** height and width of the images, pixels */
  readonly imageSize: number;
}

/** What `readSafetensors()` returns. */
export interface Checkpoint {
  /** under PyTorch's keys */
  readonly tensors: ReadonlyMap<string, HostTensor>;
  /** texts of the file's header, such as `network`, `width` and `classes` */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads `network`, `width`, `classes` (names separated by commas) and `image-size`, as a run writes them.
 *
 * @param own the network, of those that are not known by name
 * @throws {ConfigError} if one of them is missing or is not what a run writes
 */
export function architectureOf(metadata: Checkpoint["metadata"], own?: Network): Architecture {
  const { network, width, classes, "image-size": imageSize } = metadata;
  const names = (classes ?? "").split(",");
  const known = networks.find((name) => name === network);
  const builtIn = known && builtInNetworks[known];
  return {
    network: own ?? expectMetadata("network", network, builtIn),
    networkName: network ?? "the network",
    width: expectMetadata("width", width, Number(width) > 0 ? Number(width) : undefined),
    classNames: expectMetadata("classes", classes, names.includes("") ? undefined : names),
    imageSize: Number(imageSize) > 0 ? Number(imageSize) : defaultImageSize,
  };
}

/**
 * A trained model from a checkpoint of a run, ready for `model.forward(x)`: `x` is `[1, N, 3, size, size]` with
 * bytes scaled as (byte − 127.5) / 127.5, the result logits `[1, N, classes]`. Dispose of it when done.
 *
 * @param checkpoint of `readSafetensors()`; weights without a run's metadata need `network`, `width` and `classes`
 * @param options `network` of a run with one of your own
 * @throws {ConfigError} if the metadata do not tell the network, or tensors are missing, superfluous or of other shapes
 */
export function loadModel(
  gpu: Gpu,
  checkpoint: Checkpoint,
  options: { readonly network?: Network } = {},
): Model {
  expectOptions("loadModel", options, ["network"]);
  const parts = ["tensors", "metadata"];
  expectOptions("loadModel", checkpoint, parts, parts);
  const { tensors, metadata } = checkpoint;
  const architecture = architectureOf(metadata, options.network);
  return loadModels(gpu, [{ name: "the checkpoint", tensors }], architecture);
}

/** The weights of one model, and what messages call it. */
export interface NamedWeights {
  readonly name: string;
  readonly tensors: Checkpoint["tensors"];
}

/**
 * A stack of trained models.
 *
 * @throws {ConfigError} if the weights of one do not fit, with its name
 */
export function loadModels(
  gpu: Gpu,
  weights: readonly NamedWeights[],
  architecture: Architecture,
): Model {
  const { networkName, width, classNames } = architecture;
  using owned = new Owned(); // gives back what there is if something does not fit
  let name = weights[0].name;
  try {
    const module = moduleOf(gpu, architecture);
    const model = new Model(gpu, module, { stack: weights.length });
    owned.adopt(model, () => model.dispose());
    weights.forEach((own, index) => {
      name = own.name;
      loadStateDict(model, own.tensors, index);
    });
    owned.move();
    return model;
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    const wish = `${networkName} of width ${width} with ${classNames.length} classes`;
    throw new ConfigError(`Cannot use ${name} as ${wish}: ${error.message}`);
  }
}

/** The layers of an architecture. */
export function moduleOf(
  gpu: Gpu,
  { network, width, classNames, imageSize }: Architecture,
): Module {
  return makeModule(gpu, network, { numClasses: classNames.length, width, imageSize });
}

function expectMetadata<T>(key: string, found: string | undefined, value: T | undefined): T {
  if (value !== undefined) return value;
  const state = found === undefined ? `have no ${key}` : `name the ${key} "${found}"`;
  throw new ConfigError(
    `Cannot tell the network of the checkpoint: its metadata ${state}, unlike those that a run writes`,
  );
}
