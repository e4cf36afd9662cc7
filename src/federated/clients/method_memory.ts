// What a method remembers of the models of a stack, and the functions of the method that change it.

import type { Model } from "../../nn/model.ts";
import type { TensorSets } from "../../nn/training_state.ts";
import { noGrad } from "../../tensor/autograd.ts";
import { accumulate } from "../../tensor/elementwise.ts";
import { emptyTensor } from "../../tensor/tensor.ts";
import { expectFitting, makeSets, memoryOf, remember } from "../memory_sets.ts";
import type { Lifetime, NewMemory, Remembered } from "../methods/method.ts";
import type { Setup } from "./setup.ts";

/** One flat tensor for each thing that is remembered. Dispose of it when done. */
export class MethodMemory {
  readonly sets: TensorSets;

  constructor(private readonly setup: Setup, private readonly model: Model) {
    this.sets = makeSets(model, model.stack, Object.keys(setup.method.memory ?? {}));
  }

  /** Those that are remembered so long. */
  lasting(...lifetimes: readonly Lifetime[]): TensorSets {
    const { memory = {} } = this.setup.method;
    return Object.fromEntries(
      Object.entries(this.sets).filter(([name]) => lifetimes.includes(memory[name])),
    );
  }

  /** Forgets what was remembered until the communication, and lets the method remember anew. */
  beforeRound(): void {
    const { method, settings } = this.setup;
    for (const { gpu, whole } of Object.values(this.lasting("training", "round"))) gpu.clear(whole);
    if (!method.beforeRound) return;
    this.#update(this.model.stack, (own) => method.beforeRound!(own, settings));
  }

  /**
   * After the last local epoch of the first models of the stack.
   *
   * @param rateTimesSteps of each of them, learning rate × training steps of the round
   */
  afterTraining(rateTimesSteps: readonly number[]): void {
    const { gpu, method, settings } = this.setup;
    const { length: models } = rateTimesSteps;
    if (!method.afterTraining || models === 0) return;
    using _scope = gpu.scope();
    const perStep = emptyTensor(gpu, [models]);
    gpu.write(perStep, Float32Array.from(rateTimesSteps, (product) => 1 / product));
    this.#update(models, (own) => {
      const ones = own.parameter.shape.slice(1).map(() => 1);
      return method.afterTraining!(own, { perStep: perStep.view([models, ...ones]) }, settings);
    });
  }

  /** Adds the method's term to the gradients of all models, if it has one. */
  addGradientTerm(): void {
    const { method, settings } = this.setup;
    if (!method.gradientTerm) return;
    const memory = Object.fromEntries(
      Object.entries(this.sets).map(([name, { whole }]) => [name, whole]),
    );
    const own = { parameter: this.model.parameters.whole, memory };
    const term = noGrad(() => method.gradientTerm!(own, settings));
    const { whole } = this.model.gradients;
    expectFitting("gradientTerm()", term, whole);
    accumulate(term, whole);
  }

  /** Forgets what is remembered of one model until the communication. */
  forget(model: number): void {
    for (const tensors of Object.values(this.lasting("training", "round"))) {
      for (const { name } of tensors.blocks) tensors.gpu.clear(tensors.ofModel(name, model));
    }
  }

  dispose(): void {
    for (const tensors of Object.values(this.sets)) tensors.dispose();
  }

  #update(models: number, compute: (own: Remembered) => NewMemory): void {
    const { gpu, parameters } = this.model;
    for (const { name } of parameters.blocks) {
      using _scope = gpu.scope();
      const memory = memoryOf(this.sets, name, models);
      const own = { parameter: parameters.view(name, models), memory };
      remember(memory, noGrad(() => compute(own)), `of ${name}`);
    }
  }
}
