// What every optimizer can do, and where their kernels find the parameters of each model.

import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import { blockAlignment, type FlatTensors } from "./flat_tensors.ts";

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
  /** Forgets all steps: the optimizer is as if made anew. */
  reset(): void;
  dispose(): void;
}

/** For each chunk of 64 elements, where its block begins and how many elements a model has in it; `[chunks, 2]`. */
export function blockTable(parameters: FlatTensors): Tensor {
  const { blocks, whole, gpu, stack } = parameters;
  const chunks = whole.size / blockAlignment;
  const table = new Uint32Array(chunks * 2);
  for (const { start, size } of blocks) {
    const end = start + stack * size;
    for (let chunk = start / blockAlignment; chunk * blockAlignment < end; chunk++) {
      table.set([start, size], chunk * 2);
    }
  }
  const tensor = gpu.keep(emptyTensor(gpu, [chunks, 2], "u32"));
  gpu.write(tensor, table);
  return tensor;
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
