// Stochastic gradient descent over a whole stack of models.

import source from "../../kernels/sgd.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import { linearWorkgroups } from "../tensor/elementwise.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import { blockAlignment } from "./flat_tensors.ts";
import type { Model } from "./model.ts";

const file = kernelFile("sgd.wgsl", source);

/** `torch.optim.SGD` without momentum; weight decay is the L2 kind and reaches every parameter. */
export class Sgd {
  readonly #blockOf: Tensor;
  readonly #learningRate: Tensor;

  constructor(private readonly model: Model, private readonly weightDecay: number, lr: number) {
    const { gpu } = model;
    this.#blockOf = gpu.keep(emptyTensor(gpu, [model.parameters.whole.size / 32], "u32"));
    gpu.write(this.#blockOf, this.#blockTable());
    this.#learningRate = gpu.keep(emptyTensor(gpu, [1]));
    this.setLearningRate(lr);
  }

  /** The learning rate of all steps from now on, replayed ones included. */
  setLearningRate(lr: number): void {
    this.model.gpu.write(this.#learningRate, new Float32Array([lr]));
  }

  /** Sets all gradients to zero. */
  zeroGrad(): void {
    this.model.zeroGrad();
  }

  /** Updates the first `models` models of the stack. */
  step(models = this.model.stack): void {
    const { gpu, parameters, gradients } = this.model;
    const count = parameters.whole.size;
    gpu.dispatch({
      file,
      entryPoint: "step",
      params: { count, models, weight_decay: this.weightDecay },
      buffers: {
        block_of: this.#blockOf,
        learning_rate: this.#learningRate,
        gradients: gradients.whole,
        parameters: parameters.whole,
      },
      workgroups: linearWorkgroups(count, blockAlignment),
    });
  }

  dispose(): void {
    this.#blockOf.dispose();
    this.#learningRate.dispose();
  }

  /** For each chunk of 64 elements, where its block begins and how many elements a model has in it. */
  #blockTable(): Uint32Array<ArrayBuffer> {
    const { blocks, whole } = this.model.parameters;
    const table = new Uint32Array(whole.size / blockAlignment * 2);
    for (const { start, size } of blocks) {
      const end = start + this.model.stack * size;
      for (let chunk = start / blockAlignment; chunk * blockAlignment < end; chunk++) {
        table.set([start, size], chunk * 2);
      }
    }
    return table;
  }
}

/**
 * An optimizer for all models of a stack.
 *
 * @param options `lr` learning rate, `weightDecay` default 0
 * @throws {RangeError} if one of them is negative
 */
export function sgd(model: Model, options: { lr: number; weightDecay?: number }): Sgd {
  const { lr, weightDecay = 0 } = options;
  if (!(lr >= 0 && weightDecay >= 0)) {
    throw new RangeError(
      `Cannot make an optimizer: lr is ${lr} and weightDecay ${weightDecay} but neither may be negative`,
    );
  }
  return new Sgd(model, weightDecay, lr);
}
