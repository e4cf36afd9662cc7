// What a checkpoint's metadata tell of its network, and the models that are made from checkpoints.

import type { GpuRuntime } from "../gpu/runtime.ts";
import type { Model } from "../nn/model.ts";
import { loadStateDict } from "../nn/state_dict.ts";
import { vgg } from "../nn/vgg.ts";
import { expectOptions } from "../tensor/checks.ts";
import type { HostTensor } from "../tensor/host_tensor.ts";
import type { Architecture } from "./clients/capacity.ts";
import { networks } from "./config.ts";
import { ConfigError } from "./errors.ts";

/** What `readSafetensors()` returns. */
export interface Checkpoint {
  /** under PyTorch's keys */
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads `network`, `width` and `classes` (names separated by commas), as a run writes them.
 *
 * @throws {ConfigError} if one of them is missing or is not what a run writes
 */
export function architectureOf(metadata: Checkpoint["metadata"]): Architecture {
  const { network, width, classes } = metadata;
  const names = (classes ?? "").split(",");
  return {
    network: expectMetadata("network", network, networks.find((name) => name === network)),
    width: expectMetadata("width", width, Number(width) > 0 ? Number(width) : undefined),
    classNames: expectMetadata("classes", classes, names.includes("") ? undefined : names),
  };
}

/**
 * A trained model from a checkpoint of a run, ready for `model.forward(x)`: `x` is `[1, N, 3, size, size]` with
 * bytes scaled as (byte − 127.5) / 127.5, the result logits `[1, N, classes]`. Dispose of it when done.
 *
 * @param checkpoint of `readSafetensors()`; weights without a run's metadata need `network`, `width` and `classes`
 * @throws {ConfigError} if the metadata do not tell the network, or tensors are missing, superfluous or of other shapes
 */
export function loadModel(gpu: GpuRuntime, checkpoint: Checkpoint): Model {
  const parts = ["tensors", "metadata"];
  expectOptions("loadModel", checkpoint, parts, parts);
  const { tensors, metadata } = checkpoint;
  return loadModels(gpu, [{ name: "the checkpoint", tensors }], architectureOf(metadata));
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
  gpu: GpuRuntime,
  weights: readonly NamedWeights[],
  { network, width, classNames }: Architecture,
): Model {
  const numClasses = classNames.length;
  using owned = new DisposableStack(); // gives back what there is if something does not fit
  let name = weights[0].name;
  try {
    const bias = network === "vgg_b";
    const model = vgg(gpu, { stack: weights.length, numClasses, bias, width });
    owned.adopt(model, () => model.dispose());
    weights.forEach((own, index) => {
      name = own.name;
      loadStateDict(model, own.tensors, index);
    });
    owned.move();
    return model;
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    const wish = `${network} of width ${width} with ${numClasses} classes`;
    throw new ConfigError(`Cannot use ${name} as ${wish}: ${error.message}`);
  }
}

function expectMetadata<T>(key: string, found: string | undefined, value: T | undefined): T {
  if (value !== undefined) return value;
  const state = found === undefined ? `have no ${key}` : `name the ${key} "${found}"`;
  throw new ConfigError(
    `Cannot tell the network of the checkpoint: its metadata ${state}, unlike those that a run writes`,
  );
}
