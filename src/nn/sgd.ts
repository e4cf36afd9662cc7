// Stochastic gradient descent over a whole stack of models.

import { expectOptions, expectSwitches } from "../tensor/checks.ts";
import source from "../../kernels/sgd.wgsl" with { type: "text" };
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

const file = kernelFile("sgd.wgsl", source);

/** Options of `sgd`, with PyTorch's defaults but for `lr`. */
export interface SgdOptions {
  /** learning rate */
  lr: number;
  /** times the parameter, added to its gradient; default 0 */
  weightDecay?: number;
  /** times the sum of earlier gradients, added to the gradient; default 0, which needs no memory */
  momentum?: number;
  /** whether the step looks ahead by one momentum, which has to be above 0; default false */
  nesterov?: boolean;
}

/** `torch.optim.SGD` without dampening; weight decay is the L2 kind and reaches every parameter. */
export class Sgd implements Optimizer {
  /** the momentum of every parameter; nothing without momentum */
  readonly memory: Readonly<Record<string, FlatTensors>>;
  readonly #momenta: FlatTensors | null;
  readonly #blockOf: Tensor;
  readonly #learningRate: Tensor;
  readonly #owned: Owned;

  /** Use `sgd()`, which checks the options and fills in defaults. */
  constructor(private readonly model: Model, private readonly options: Required<SgdOptions>) {
    const { gpu, stack, module, parameters } = model;
    using owned = new Owned(); // gives back what there is if the rest does not fit
    this.#blockOf = owned.use(blockTable(parameters));
    this.#learningRate = owned.use(gpu.keep(emptyTensor(gpu, [1])));
    this.#momenta = options.momentum === 0
      ? null
      : owned.use(new FlatTensors(gpu, stack, module.parameters));
    this.memory = this.#momenta ? { momentum_buffer: this.#momenta } : {};
    this.setLearningRate(options.lr);
    this.reset();
    this.#owned = owned.move();
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
    const { weightDecay, momentum, nesterov } = this.options;
    const momenta = this.#momenta;
    const count = parameters.whole.size / 4; // vectors
    gpu.dispatch({
      file,
      entryPoint: momenta ? "step_momentum" : "step",
      constants: momenta ? { nesterov: Number(nesterov) } : {},
      params: { count, models, weight_decay: weightDecay, momentum },
      buffers: {
        block_of: this.#blockOf,
        learning_rate: this.#learningRate,
        gradients: gradients.whole,
        parameters: parameters.whole,
        ...(momenta ? { momenta: momenta.whole } : {}),
      },
      workgroups: linearWorkgroups(count, blockAlignment),
      bytes: (momenta ? 5 : 3) * gradients.whole.byteLength, // all but the gradients are read and written
    });
  }

  train(part: "all" | NetworkPart = "all"): void {
    restrictTable(this.#blockOf, this.model, part);
  }

  /** With a momentum of zero, a first step adds the gradient alone, as PyTorch's does. */
  reset(): void {
    if (this.#momenta) this.model.gpu.clear(this.#momenta.whole);
  }

  /** Gives the momenta's memory back; the models stay. */
  dispose(): void {
    this.#owned.dispose();
  }
}

/**
 * Gradient descent for all models of a stack, as `torch.optim.SGD` without dampening.
 *
 * @throws {RangeError} for options that are negative or not finite, and for nesterov without a momentum
 */
export function sgd(model: Model, options: SgdOptions): Sgd {
  expectOptions("sgd", options, ["lr", "weightDecay", "momentum", "nesterov"], ["lr"]);
  const { lr, weightDecay = 0, momentum = 0, nesterov = false } = options;
  expectHyperparameters("sgd", { lr, weightDecay, momentum });
  expectSwitches("sgd", { nesterov });
  if (nesterov && momentum === 0) {
    throw new RangeError(
      "Cannot make sgd: nesterov is true and momentum is 0 but a momentum above 0 is expected; " +
        "0.9 is usual",
    );
  }
  return new Sgd(model, { lr, weightDecay, momentum, nesterov });
}
