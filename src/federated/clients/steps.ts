// The steps of a group of clients, training and evaluation: recorded when first needed, then replayed.

import { augmentBatch } from "../../data/augmentation.ts";
import {
  type Batch,
  type Cut,
  emptyBatch,
  emptyByteBatch,
  type ImageSplit,
} from "../../data/image_batches.ts";
import type { Arena, Recording } from "../../gpu/recording.ts";
import { backward, noGrad } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { batchingIn, type Member, type PassKind, rowsOf, splitOf } from "./order.ts";
import { hasClassifier, type Setup } from "./setup.ts";
import type { GroupTensors } from "./tensors.ts";
import { getOrMake } from "../../maps.ts";

/** Recordings by kind of pass and number of clients. */
export class RecordedSteps {
  readonly #recordings = new Map<string, Recording>();

  /** @param arena memory for what steps compute on the way */
  constructor(
    private readonly setup: Setup,
    private readonly tensors: GroupTensors,
    private readonly arena: Arena,
  ) {}

  /** One step of clients whose models are the first ones of the stack, in this order. */
  of(kind: PassKind, members: readonly Member[]): Recording {
    return getOrMake(
      this.#recordings,
      `${kind} ${members.length}`,
      () =>
        this.setup.gpu.record(this.arena, () => {
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
    const { gpu, config, method, settings } = this.setup;
    const { model, optimizer, memory, outcomes, position } = this.tensors;
    gpu.phase = "batch";
    const batch = this.#gather("train", members);
    gpu.phase = "forward";
    const { counts, labels } = batch;
    let features: Tensor | undefined;
    const onFeatures = hasClassifier(model.module)
      ? (given: Tensor) => void (features = given)
      : undefined;
    const logits = model.forward(batch.x, { training: true, counts, onFeatures });
    outcomes.train.store(logits, batch, position, config.batchSize);
    const stages = this.tensors.stages.view([members.length]);
    gpu.phase = "loss and backward";
    optimizer.zeroGrad();
    backward(method.localLoss({ logits, features, labels, counts, stages }, settings));
    gpu.phase = "update";
    memory.addGradientTerm();
    optimizer.step(members.length * method.roles.length);
  }

  #evaluate(kind: PassKind, members: readonly Member[]): void {
    const { model, outcomes, position } = this.tensors;
    const batch = this.#gather(kind, members);
    const logits = model.forward(batch.x, { counts: batch.counts });
    outcomes.evaluation.store(logits, batch, position);
  }

  #gather(kind: PassKind, members: readonly Member[]): Batch {
    const { gpu, config, method } = this.setup;
    const { batchSize, dataset: { imageSize }, augment } = config;
    const batching = batchingIn(config, kind);
    const split = splitOf(kind);
    const rows = rowsOf(config, kind);
    const roles = method.roles.length;
    const { position } = this.tensors;
    const batch = emptyBatch(gpu, members.length * roles, rows, imageSize);
    const splits = members.map((member) => member.splits[split]);
    const cutOf = ({ size }: ImageSplit) => ({ batchSize, images: batching.images(size) });
    if (augment === "full" && split === "train") {
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
    const { gpu, config: { dataset: { imageSize }, seed }, method } = this.setup;
    const rows = batch.x.shape[1];
    const roles = method.roles.length;
    const { position } = this.tensors;
    const bytes = emptyByteBatch(gpu, splits.length, rows, imageSize);
    splits.forEach((split, client) =>
      split.gatherBytes(bytes, batch, position, { client, roles }, cutOf(split))
    );
    const byRole = kind === "evaluate-train"; // as in the official code: each evaluation draws anew
    augmentBatch(bytes, batch, { position, seed, roles, byRole });
  }
}
