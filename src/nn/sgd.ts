// Stochastic gradient descent over a whole stack of models.

import { expectOptions } from "../tensor/checks.ts";
import source from "../../kernels/sgd.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import { linearWorkgroups } from "../tensor/elementwise.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import { blockAlignment } from "./flat_tensors.ts";
import type { Model } from "./model.ts";
import { blockTable, expectHyperparameters, expectModels, type Optimizer } from "./optimizer.ts";

const file = kernelFile("sgd.wgsl", source);

/** `torch.optim.SGD` without momentum; weight decay is the L2 kind and reaches every parameter. */
export class Sgd implements Optimizer {
  readonly memory = {};
  readonly #blockOf: Tensor;
  readonly #learningRate: Tensor;

  constructor(private readonly model: Model, private readonly weightDecay: number, lr: number) {
    const { gpu } = model;
    this.#blockOf = blockTable(model.parameters);
    this.#learningRate = gpu.keep(emptyTensor(gpu, [1]));
    this.setLearningRate(lr);
  }

  setLearningRate(lr: number): void {
    expectHyperparameters("sgd", { lr });
    this.model.gpu.write(this.#learningRate, new Float32Array([lr]));
  }

  zeroGrad(): void {
    this.model.zeroGrad();
  }

  step(models = this.model.stack): void {
    expectModels("sgd", models, this.model.stack);
    const { gpu, parameters, gradients } = this.model;
    const count = parameters.whole.size / 4; // vectors
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

  /** Nothing: without momentum, a step leaves nothing behind. */
  reset(): void {}

  dispose(): void {
    this.#blockOf.dispose();
    this.#learningRate.dispose();
  }
}

/**
 * Gradient descent for all models of a stack, as `torch.optim.SGD`.
 *
 * @param options `lr` learning rate, `weightDecay` default 0
 * @throws {RangeError} for options that are negative or not finite
 */
export function sgd(model: Model, options: { lr: number; weightDecay?: number }): Sgd {
  expectOptions("sgd", options, ["lr", "weightDecay"], ["lr"]);
  const { lr, weightDecay = 0 } = options;
  expectHyperparameters("sgd", { lr, weightDecay });
  return new Sgd(model, weightDecay, lr);
}
