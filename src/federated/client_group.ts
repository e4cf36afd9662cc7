// Clients whose models advance together: one stack, trained and evaluated by recorded steps.

import { type Batch, emptyBatch, ImageSplit } from "../data/image_batches.ts";
import { type ClientDataset, type SplitName, splitNames } from "../data/dataset.ts";
import type { Arena, Recording } from "../gpu/recording.ts";
import { adam } from "../nn/adam.ts";
import type { Model } from "../nn/model.ts";
import type { Optimizer } from "../nn/optimizer.ts";
import { sgd } from "../nn/sgd.ts";
import { vgg } from "../nn/vgg.ts";
import { RandomStream } from "../random.ts";
import { backward, noGrad } from "../tensor/autograd.ts";
import type { Gpu } from "../tensor/gpu.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { SimulationConfig } from "./config.ts";
import type { FederatedMethod } from "./methods/method.ts";
import { OutcomeBuffer, type Outcomes } from "./outcomes.ts";
import type { TransferStage } from "./transfer_stage.ts";

/** A client and its place in the dataset, by which its random numbers and results are known. */
export interface IndexedClient {
  readonly index: number;
  readonly data: ClientDataset;
}

/** A walk of a group over one split: training, or evaluation with or without the training augmentation. */
export type PassKind = "train" | "evaluate-train" | "valid" | "test";

/** What `advance` waits for between steps, and what the outcomes are at the end. */
export type Pass = AsyncGenerator<number, Outcomes[][]>;

/** Separates the random numbers that shuffle from those that initialise and augment. */
const shuffleStream = 2;

/** Clients with the most batches come first, so that at each step those with data left are a prefix. */
export class ClientGroup {
  readonly clients: readonly IndexedClient[];
  readonly model: Model;
  readonly #optimizer: Optimizer;
  readonly #splits: readonly Readonly<Record<SplitName, ImageSplit>>[];
  readonly #orders: Uint32Array[];
  readonly #outcomes: OutcomeBuffer;
  readonly #position: Tensor;
  readonly #stages: Tensor;
  readonly #recordings = new Map<string, Recording>();

  constructor(
    private readonly gpu: Gpu,
    private readonly arena: Arena,
    private readonly config: SimulationConfig,
    private readonly method: FederatedMethod,
    clients: readonly IndexedClient[],
  ) {
    const { dataset, network, width, seed } = config;
    const classes = dataset.classNames.length;
    this.clients = [...clients].sort((a, b) => size(b, "train") - size(a, "train"));
    this.model = vgg(gpu, {
      stack: clients.length * method.roles.length,
      numClasses: classes,
      bias: network === "vgg_b",
      width,
      seed,
    });
    this.#optimizer = optimizerOf(this.model, config);
    this.#splits = this.clients.map((client) => uploadSplits(gpu, client, dataset.imageSize));
    this.#orders = this.clients.map((client) => storedOrder(size(client, "train")));
    const capacity = Math.max(
      ...this.clients.flatMap((client) => splitNames.map((split) => size(client, split))),
    );
    this.#outcomes = new OutcomeBuffer(gpu, this.model.stack, capacity, classes);
    this.#position = gpu.keep(gpu.zeros([2], "u32"));
    this.#stages = gpu.keep(gpu.zeros([clients.length], "u32"));
  }

  /** A new optimizer, in effect: with this learning rate, and without memory of the round before. */
  renewOptimizer(learningRate: number): void {
    this.#optimizer.setLearningRate(learningRate);
    this.#optimizer.reset();
  }

  /** The stage of each of this group's clients, by the client's index in the dataset. */
  setStages(stages: readonly TransferStage[]): void {
    this.gpu.write(this.#stages, Uint32Array.from(this.clients, ({ index }) => stages[index]));
  }

  /** A new order of every client's training images, the same for the same (seed, client, epoch). */
  shuffle(epoch: number): void {
    this.clients.forEach((client, k) => {
      const random = new RandomStream(this.config.seed, shuffleStream, client.index, epoch);
      const order = random.permutation(size(client, "train"));
      this.#orders[k] = order;
      this.#splits[k].train.setOrder(order);
    });
  }

  /** Batches of one pass, summed over clients. */
  batches(kind: PassKind): number {
    return this.clients.reduce((sum, client) => sum + this.#steps(client, kind), 0);
  }

  /**
   * Walks over a split, all clients at once.
   *
   * @param epoch counted over the whole run; keys the augmentation
   * @yields after each step, the number of clients that took part
   * @returns outcomes `[client][role]`, in the order of `clients`
   */
  async *pass(kind: PassKind, epoch: number): Pass {
    const steps = this.clients.map((client) => this.#steps(client, kind));
    for (let step = 0; step < Math.max(...steps); step++) {
      const prefix = steps.findLastIndex((own) => own > step) + 1;
      this.gpu.write(this.#position, new Uint32Array([step, augmentationKey(kind, epoch)]));
      this.#recording(kind, prefix).replay();
      yield steps.filter((own) => own > step).length;
    }
    const values = await this.#outcomes.read();
    return this.clients.map((client, k) => {
      const labels = this.#labelsAsTaken(client, k, kind);
      return this.method.roles.map((_, role) =>
        this.#outcomes.score(values, this.modelIndex(k, role), labels, this.config.batchSize)
      );
    });
  }

  /** Position in the stack of a client's model. */
  modelIndex(client: number, role: number): number {
    return client * this.method.roles.length + role;
  }

  dispose(): void {
    this.model.dispose();
    this.#optimizer.dispose();
    this.#outcomes.dispose();
    this.#position.dispose();
    this.#stages.dispose();
    for (const splits of this.#splits) splitNames.forEach((name) => splits[name].dispose());
  }

  #steps(client: IndexedClient, kind: PassKind): number {
    return Math.ceil(size(client, splitOf(kind)) / this.config.batchSize);
  }

  #labelsAsTaken({ data }: IndexedClient, k: number, kind: PassKind): Int32Array {
    const { labels } = data[splitOf(kind)];
    return splitOf(kind) === "train"
      ? Int32Array.from(this.#orders[k], (image) => labels[image])
      : labels;
  }

  /** One step of the first `prefix` clients, recorded when it is first needed. */
  #recording(kind: PassKind, prefix: number): Recording {
    const key = `${kind} ${prefix}`;
    const cached = this.#recordings.get(key);
    if (cached) return cached;
    const recording = this.gpu.record(this.arena, () => {
      if (kind === "train") this.#trainStep(prefix);
      else noGrad(() => this.#evaluateStep(kind, prefix));
    });
    this.#recordings.set(key, recording);
    return recording;
  }

  #trainStep(prefix: number): void {
    const batch = this.#gather("train", prefix);
    const logits = this.model.forward(batch.x, { training: true, counts: batch.counts });
    this.#outcomes.store(logits, batch, this.#position);
    const { labels, counts } = batch;
    const stages = this.#stages.view([prefix]);
    this.#optimizer.zeroGrad();
    backward(this.method.localLoss({ logits, labels, counts, stages }));
    this.#optimizer.step(prefix * this.method.roles.length);
  }

  #evaluateStep(kind: PassKind, prefix: number): void {
    const batch = this.#gather(kind, prefix);
    const logits = this.model.forward(batch.x, { counts: batch.counts });
    this.#outcomes.store(logits, batch, this.#position);
  }

  #gather(kind: PassKind, prefix: number): Batch {
    const { batchSize, dataset, augment, seed } = this.config;
    const roles = this.method.roles.length;
    const batch = emptyBatch(this.gpu, prefix * roles, batchSize, dataset.imageSize);
    for (let client = 0; client < prefix; client++) {
      this.#splits[client][splitOf(kind)].gather(batch, this.#position, { client, roles }, {
        augment: augment === "flips" && splitOf(kind) === "train",
        byRole: kind === "evaluate-train", // as in the official code, where each evaluation draws anew
        seed,
      });
    }
    return batch;
  }
}

function optimizerOf(model: Model, config: SimulationConfig): Optimizer {
  const { optimizer, learningRate: lr, weightDecay } = config;
  return { sgd, adam }[optimizer](model, { lr, weightDecay });
}

/** Evaluation draws its augmentation anew. */
function augmentationKey(kind: PassKind, epoch: number): number {
  return 2 * epoch + Number(kind === "evaluate-train");
}

function splitOf(kind: PassKind): SplitName {
  return kind === "evaluate-train" ? "train" : kind;
}

function size({ data }: IndexedClient, split: SplitName): number {
  return data[split].labels.length;
}

function storedOrder(length: number): Uint32Array {
  return Uint32Array.from({ length }, (_, image) => image);
}

function uploadSplits(gpu: Gpu, { index, data }: IndexedClient, imageSize: number) {
  const [train, valid, test] = splitNames.map((name) =>
    new ImageSplit(gpu, data[name], imageSize, index)
  );
  return { train, valid, test };
}
