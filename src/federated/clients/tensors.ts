// Everything that a group of clients has on the GPU: models, optimizer, images, outcomes.

import { type SplitName, splitNames } from "../../data/dataset.ts";
import { ImageSplit } from "../../data/image_batches.ts";
import { adam } from "../../nn/adam.ts";
import { FiniteCheck } from "../../nn/finite.ts";
import { Model } from "../../nn/model.ts";
import type { Optimizer } from "../../nn/optimizer.ts";
import { sgd } from "../../nn/sgd.ts";
import type { TensorSets } from "../../nn/training_state.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { SimulationConfig } from "../config.ts";
import { MethodMemory } from "./method_memory.ts";
import { type IndexedClient, type Member, size } from "./order.ts";
import { OutcomeBuffer } from "./outcomes.ts";
import { Rollback } from "./rollback.ts";
import type { Setup } from "./setup.ts";
import { Owned } from "../../owned.ts";

/** Dispose of them when done. */
export class GroupTensors {
  /** `clients · roles` models */
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly memory: MethodMemory;
  /** where clients can be skipped */
  readonly rollback: Rollback | null;
  readonly finite: FiniteCheck;
  /** with their images, in the order of the stack */
  readonly members: readonly Member[];
  /** apart, for evaluations interrupt the training */
  readonly outcomes: { readonly train: OutcomeBuffer; readonly evaluation: OutcomeBuffer };
  /** `[2]`: the step in its pass, and the augmentation's key */
  readonly position: Tensor;
  /** `[clients]`, in the order of their models in the stack */
  readonly stages: Tensor;
  /** what the optimizer remembers, where that outlives a communication */
  readonly #kept: TensorSets;
  readonly #owned: Owned;

  constructor(setup: Setup, clients: readonly IndexedClient[]) {
    const { gpu, config, method } = setup;
    using owned = new Owned(); // gives back what there is if the rest does not fit
    const own = <T extends { dispose(): void }>(item: T) => owned.adopt(item, () => item.dispose());
    const { dataset, seed } = config;
    const classes = dataset.classNames.length;
    const stack = clients.length * method.roles.length;
    this.model = own(new Model(gpu, setup.module, { stack, seed }));
    this.optimizer = own(optimizerOf(this.model, config));
    this.memory = own(new MethodMemory(setup, this.model));
    const { parameters, buffers } = this.model;
    const kept = config.keepOptimizer ? this.optimizer.memory : {};
    this.rollback = config.onNan === "skip-client"
      ? own(new Rollback({ parameters, buffers, ...kept }))
      : null;
    this.#kept = kept;
    this.finite = own(
      new FiniteCheck({
        parameters,
        buffers,
        ...this.optimizer.memory,
        ...this.memory.sets,
      }),
    );
    this.members = clients.map((client) => {
      const [train, valid, test] = splitNames.map((name) =>
        own(new ImageSplit(gpu, client.data[name], dataset.imageSize, client.place))
      );
      const trainOrder = storedOrder(size(client, "train"));
      return { ...client, splits: { train, valid, test }, trainOrder };
    });
    const outcomesOf = (...splits: readonly SplitName[]) => {
      const sizes = clients.flatMap((client) => splits.map((split) => size(client, split)));
      return own(new OutcomeBuffer(gpu, this.model.stack, Math.max(...sizes), classes));
    };
    this.outcomes = { train: outcomesOf("train"), evaluation: outcomesOf(...splitNames) };
    this.position = own(gpu.keep(gpu.zeros([2], "u32")));
    this.stages = own(gpu.keep(gpu.zeros([clients.length], "u32")));
    this.#owned = owned.move();
  }

  /**
   * What the rest of a run depends on.
   *
   * @param until during local training, with what only the rest of it depends on: the optimizer's memory, where the
   *   round began; before the communication, with what the method remembers until then; else without
   */
  sets(until: "training" | "round" | "run"): TensorSets {
    const { model: { parameters, buffers }, memory, optimizer, rollback } = this;
    const models = { parameters, buffers, ...this.#kept };
    switch (until) {
      case "run":
        return { ...models, ...memory.lasting("run") };
      case "round":
        return { ...models, ...memory.lasting("run", "round") };
      case "training":
        return { ...models, ...optimizer.memory, ...memory.sets, ...rollback?.memory };
    }
  }

  dispose(): void {
    this.#owned.dispose();
  }
}

function optimizerOf(model: Model, config: SimulationConfig): Optimizer {
  const { optimizer, learningRate: lr, weightDecay, momentum, nesterov } = config;
  switch (optimizer) {
    case "sgd":
      return sgd(model, { lr, weightDecay, momentum, nesterov });
    case "adam":
      return adam(model, { lr, weightDecay });
  }
}

function storedOrder(length: number): Uint32Array {
  return Uint32Array.from({ length }, (_, image) => image);
}
