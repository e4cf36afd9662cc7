// What every optimizer can do, and where their kernels find the parameters of each model.

import { expectChoice } from "../tensor/checks.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import { blockAlignment, type FlatTensors } from "./flat_tensors.ts";
import type { Model } from "./model.ts";
import { type NetworkPart, networkParts } from "./module.ts";

/** Changes the parameters of a stack of models by their gradients. */
export interface Optimizer {
  /** What steps leave behind for later ones, model by model, under PyTorch's names where it has them. */
  readonly memory: Readonly<Record<string, FlatTensors>>;
  /** The learning rate of all steps from now on, replayed ones included. */
  setLearningRate(lr: number): void;
  /** Sets all gradients to zero. */
  zeroGrad(): void;
  /** Updates the first `models` models of the stack, by default all. */
  step(models?: number): void;
  /** The part of the network that all steps change from now on, replayed ones included; default and at first all. */
  train(part?: "all" | NetworkPart): void;
  /** Forgets all steps: the optimizer is as if made anew. */
  reset(): void;
  /** Gives back what it remembers and owns; the models stay. */
  dispose(): void;
}

/** For each chunk of 64 elements, where its block begins and how many elements a model has in it; `[chunks, 2]`. */
export function blockTable(parameters: FlatTensors): Tensor {
  const { whole, gpu } = parameters;
  const tensor = gpu.keep(emptyTensor(gpu, [whole.size / blockAlignment, 2], "u32"));
  gpu.write(tensor, blocksOf(parameters, () => true));
  return tensor;
}

/**
 * Makes a table of `blockTable()` say that models have elements in the parameters of one part alone.
 *
 * @param part of the parameters that are to be found
 */
export function restrictTable(table: Tensor, model: Model, part: "all" | NetworkPart): void {
  expectChoice("Optimizer.train", "part", part, ["all", ...networkParts]);
  const { gpu, module, parameters } = model;
  const parts = new Map(module.parameters.map((spec) => [spec.name, spec.part ?? "features"]));
  gpu.write(table, blocksOf(parameters, (name) => part === "all" || parts.get(name) === part));
}

function blocksOf(
  { blocks, whole, stack }: FlatTensors,
  isTrained: (name: string) => boolean,
): Uint32Array<ArrayBuffer> {
  const table = new Uint32Array(whole.size / blockAlignment * 2);
  for (const { name, start, size } of blocks) {
    const end = start + stack * size;
    for (let chunk = start / blockAlignment; chunk * blockAlignment < end; chunk++) {
      table.set([start, isTrained(name) ? size : 0], chunk * 2);
    }
  }
  return table;
}

/** @throws {RangeError} unless so many models are a part of the stack */
export function expectModels(optimizer: string, models: number, stack: number): void {
  if (Number.isInteger(models) && models >= 0 && models <= stack) return;
  throw new RangeError(`Cannot step ${optimizer} for ${models} models of a stack of ${stack}`);
}

/** @throws {RangeError} unless each value is finite and at least 0, and below `below` */
export function expectHyperparameters(
  optimizer: string,
  values: Readonly<Record<string, number>>,
  below = Infinity,
): void {
  for (const [name, value] of Object.entries(values)) {
    if (!(typeof value === "number" && value >= 0 && value < below)) {
      const bound = below === Infinity ? "" : ` and below ${below}`;
      throw new RangeError(
        `Cannot make ${optimizer}: ${name} is ${value} but a finite number of at least 0${bound} is expected`,
      );
    }
  }
}
