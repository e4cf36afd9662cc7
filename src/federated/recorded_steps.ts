// The steps of a group of clients, training and evaluation: recorded when first needed, then replayed.

import { augmentBatch } from "../data/augmentation.ts";
import {
  type Batch,
  type Cut,
  emptyBatch,
  emptyByteBatch,
  type ImageSplit,
} from "../data/image_batches.ts";
import type { Arena, Recording } from "../gpu/recording.ts";
import type { Model } from "../nn/model.ts";
import type { Optimizer } from "../nn/optimizer.ts";
import { backward, noGrad } from "../tensor/autograd.ts";
import type { Gpu } from "../tensor/gpu.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { batchingOf, whole } from "./batching.ts";
import type { SimulationConfig } from "./config.ts";
import { type Member, type PassKind, splitOf } from "./lineup.ts";
import type { FederatedMethod } from "./methods/method.ts";
import type { OutcomeBuffer } from "./outcomes.ts";
import type { ProximalTerm } from "./proximal_term.ts";

/** What steps read and change on the GPU. */
export interface StepTensors {
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly proximalTerm: ProximalTerm | null;
  /** apart, for evaluations interrupt the training */
  readonly outcomes: { readonly train: OutcomeBuffer; readonly evaluation: OutcomeBuffer };
  /** `[2]`: the step in its pass, and the augmentation's key */
  readonly position: Tensor;
  /** `[clients]`, in the order of their models in the stack */
  readonly stages: Tensor;
}

/** Recordings by kind of pass and number of clients. */
export class RecordedSteps {
  readonly #recordings = new Map<string, Recording>();

  constructor(
    private readonly gpu: Gpu,
    private readonly arena: Arena,
    private readonly config: SimulationConfig,
    private readonly method: FederatedMethod,
    private readonly tensors: StepTensors,
  ) {}

  /** One step of clients whose models are the first ones of the stack, in this order. */
  of(kind: PassKind, members: readonly Member[]): Recording {
    return this.#recordings.getOrInsertComputed(
      `${kind} ${members.length}`,
      () =>
        this.gpu.record(this.arena, () => {
          if (kind === "train") this.#train(members);
          else noGrad(() => this.#evaluate(kind, members));
        }),
    );
  }

  /** Forgets all: recordings read the images of the clients that were there. */
  clear(): void {
    this.#recordings.clear();
  }

  #train(members: readonly Member[]): void {
    const { model, optimizer, proximalTerm, outcomes, position } = this.tensors;
    const { gpu } = this;
    gpu.phase = "batch";
    const batch = this.#gather("train", members);
    gpu.phase = "forward";
    const logits = model.forward(batch.x, { training: true, counts: batch.counts });
    outcomes.train.store(logits, batch, position, this.config.batchSize);
    const { labels, counts } = batch;
    const stages = this.tensors.stages.view([members.length]);
    gpu.phase = "loss and backward";
    optimizer.zeroGrad();
    backward(this.method.localLoss({ logits, labels, counts, stages }, this.config));
    gpu.phase = "update";
    proximalTerm?.addGradient();
    optimizer.step(members.length * this.method.roles.length);
  }

  #evaluate(kind: PassKind, members: readonly Member[]): void {
    const { model, outcomes, position } = this.tensors;
    const batch = this.#gather(kind, members);
    const logits = model.forward(batch.x, { counts: batch.counts });
    outcomes.evaluation.store(logits, batch, position);
  }

  #gather(kind: PassKind, members: readonly Member[]): Batch {
    const { batchSize, dataset: { clients, imageSize }, augment } = this.config;
    const batching = kind === "train" ? batchingOf(this.config) : whole(batchSize);
    // Room for the longest batch of any client: with other shapes, clients in other groups would be summed otherwise.
    const rows = batching.largest(clients.map(({ train }) => train.labels.length));
    const roles = this.method.roles.length;
    const { position } = this.tensors;
    const batch = emptyBatch(this.gpu, members.length * roles, rows, imageSize);
    const splits = members.map((member) => member.splits[splitOf(kind)]);
    const cutOf = ({ size }: ImageSplit) => ({ batchSize, images: batching.images(size) });
    if (augment === "full" && splitOf(kind) === "train") {
      this.#augmented(splits, batch, kind, cutOf);
    } else {
      splits.forEach((split, client) =>
        split.gather(batch, position, { client, roles }, cutOf(split))
      );
    }
    return batch;
  }

  #augmented(
    splits: readonly ImageSplit[],
    batch: Batch,
    kind: PassKind,
    cutOf: (split: ImageSplit) => Cut,
  ): void {
    const { dataset: { imageSize }, seed } = this.config;
    const rows = batch.x.shape[1];
    const roles = this.method.roles.length;
    const { position } = this.tensors;
    const bytes = emptyByteBatch(this.gpu, splits.length, rows, imageSize);
    splits.forEach((split, client) =>
      split.gatherBytes(bytes, batch, position, { client, roles }, cutOf(split))
    );
    const byRole = kind === "evaluate-train"; // as in the official code: each evaluation draws anew
    augmentBatch(bytes, batch, { position, seed, roles, byRole });
  }
}
