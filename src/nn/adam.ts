// Adam over a whole stack of models.

import { expectOptions } from "../tensor/checks.ts";
import source from "../../kernels/adam.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import { linearWorkgroups } from "../gpu/workgroups.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import { blockAlignment, FlatTensors } from "./flat_tensors.ts";
import type { Model } from "./model.ts";
import type { NetworkPart } from "./module.ts";
import {
  blockTable,
  expectHyperparameters,
  expectModels,
  type Optimizer,
  restrictTable,
} from "./optimizer.ts";
import { Owned } from "../owned.ts";

const file = kernelFile("adam.wgsl", source);

/** Options of `adam`, with PyTorch's defaults but for `lr`. */
export interface AdamOptions {
  /** learning rate */
  lr: number;
  /** shares of the running means of gradients and their squares that a step keeps; default [0.9, 0.999] */
  betas?: readonly [number, number];
  /** added to the root of the mean square; default 1e-8 */
  eps?: number;
  /** times the parameter, added to its gradient; default 0 */
  weightDecay?: number;
}

/** `torch.optim.Adam` without `amsgrad`; every model counts the steps that it took part in. */
export class Adam implements Optimizer {
  /** the moments, and `corrections`: 1 − β₁ᵗ and 1 − β₂ᵗ after t steps of a model */
  readonly memory: Readonly<Record<"exp_avg" | "exp_avg_sq" | "corrections", FlatTensors>>;
  readonly #blockOf: Tensor;
  readonly #learningRate: Tensor;
  readonly #owned: Owned;

  /** Use `adam()`, which checks the options and fills in defaults. */
  constructor(private readonly model: Model, private readonly options: Required<AdamOptions>) {
    const { gpu, parameters, module, stack } = model;
    using owned = new Owned(); // gives back what there is if the rest does not fit
    this.#blockOf = owned.use(blockTable(parameters));
    this.#learningRate = owned.use(gpu.keep(emptyTensor(gpu, [1])));
    this.memory = {
      exp_avg: owned.use(new FlatTensors(gpu, stack, module.parameters)),
      exp_avg_sq: owned.use(new FlatTensors(gpu, stack, module.parameters)),
      corrections: owned.use(new FlatTensors(gpu, stack, [{ name: "betas", shape: [2] }])),
    };
    this.setLearningRate(options.lr);
    this.reset();
    this.#owned = owned.move();
  }

  setLearningRate(lr: number): void {
    expectHyperparameters("adam", { lr });
    this.model.gpu.write(this.#learningRate, new Float32Array([lr]));
  }

  zeroGrad(): void {
    this.model.zeroGrad();
  }

  step(models = this.model.stack): void {
    expectModels("adam", models, this.model.stack);
    const { gpu, parameters, gradients } = this.model;
    const { betas: [beta1, beta2], eps, weightDecay } = this.options;
    const { exp_avg: first, exp_avg_sq: second, corrections } = this.memory;
    const count = parameters.whole.size;
    const params = {
      count,
      models,
      weight_decay: weightDecay,
      epsilon: eps,
      beta1,
      beta2,
      one_minus_beta1: 1 - beta1,
      one_minus_beta2: 1 - beta2,
    };
    gpu.dispatch({
      file,
      entryPoint: "advance",
      params,
      buffers: { corrections: corrections.whole },
      workgroups: linearWorkgroups(models, blockAlignment),
    });
    gpu.dispatch({
      file,
      entryPoint: "step",
      params,
      buffers: {
        block_of: this.#blockOf,
        learning_rate: this.#learningRate,
        gradients: gradients.whole,
        parameters: parameters.whole,
        first: first.whole,
        second: second.whole,
        corrections: corrections.whole,
      },
      workgroups: linearWorkgroups(count, blockAlignment),
      bytes: 7 * gradients.whole.byteLength, // all but the gradients are read and written
    });
  }

  train(part: "all" | NetworkPart = "all"): void {
    restrictTable(this.#blockOf, this.model, part);
  }

  reset(): void {
    for (const { whole } of Object.values(this.memory)) this.model.gpu.clear(whole);
  }

  /** Gives the moments' memory back; the models stay. */
  dispose(): void {
    this.#owned.dispose();
  }
}

/**
 * Adam for all models of a stack, as `torch.optim.Adam`.
 *
 * @throws {RangeError} for options that are negative or not finite, and betas of 1 or more
 */
export function adam(model: Model, options: AdamOptions): Adam {
  expectOptions("adam", options, ["lr", "betas", "eps", "weightDecay"], ["lr"]);
  const { lr, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 } = options;
  expectHyperparameters("adam", { lr, eps, weightDecay });
  expectHyperparameters("adam", { "betas[0]": betas[0], "betas[1]": betas[1] }, 1);
  return new Adam(model, { lr, betas, eps, weightDecay });
}
