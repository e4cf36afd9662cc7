// Clients whose models advance together: one stack, trained and evaluated by recorded steps.

import { augmentBatch } from "../data/augmentation.ts";
import { type Batch, emptyBatch, emptyByteBatch, ImageSplit } from "../data/image_batches.ts";
import { type ClientDataset, type SplitName, splitNames } from "../data/dataset.ts";
import type { Arena, Recording } from "../gpu/recording.ts";
import { adam } from "../nn/adam.ts";
import { FiniteCheck } from "../nn/finite.ts";
import type { Model } from "../nn/model.ts";
import type { Optimizer } from "../nn/optimizer.ts";
import { sgd } from "../nn/sgd.ts";
import { downloadModels, type TensorSets, uploadModel } from "../nn/training_state.ts";
import { vgg } from "../nn/vgg.ts";
import { RandomStream } from "../random.ts";
import { backward, noGrad } from "../tensor/autograd.ts";
import type { Gpu } from "../tensor/gpu.ts";
import type { HostTensor } from "../tensor/host_tensor.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { SimulationConfig } from "./config.ts";
import { type Divergence, inOrder } from "./divergence.ts";
import type { FederatedMethod } from "./methods/method.ts";
import { OutcomeBuffer, type Outcomes } from "./outcomes.ts";
import { ProximalTerm } from "./proximal_term.ts";
import { RoundStart } from "./round_start.ts";
import type { StepProfile } from "./step_profile.ts";
import type { TransferStage } from "./transfer_stage.ts";

/** A client and its place in the dataset, by which its random numbers and results are known. */
export interface IndexedClient {
  readonly index: number;
  readonly data: ClientDataset;
}

/** A client of a group: its images on the GPU, and the order in which training takes them. */
interface Member extends IndexedClient {
  readonly splits: Readonly<Record<SplitName, ImageSplit>>;
  trainOrder: Uint32Array;
}

/** A walk of a group over one split: training, or evaluation with or without the training augmentation. */
export type PassKind = "train" | "evaluate-train" | "valid" | "test";

/** Outcomes `[client][role]`, in the order of a group's clients; null for a client left out or gone bad. */
export type GroupOutcomes = readonly (readonly Outcomes[] | null)[];

/** What a pass leaves behind. */
export interface PassResult {
  readonly outcomes: GroupOutcomes;
  /** of the test split amid a local epoch, by the number of steps before; empty for other passes */
  readonly evaluations: ReadonlyMap<number, GroupOutcomes>;
  /** at most one for each client */
  readonly divergences: readonly Divergence[];
}

/** Yields the work of each step, in forward passes of one batch of one client. */
export type Pass = AsyncGenerator<number, PassResult>;

/** A training step costs about as much as this many forward passes. */
const trainingCost = 3;

/** Separates the random numbers that shuffle from those that initialise and augment. */
const shuffleStream = 2;

/** A group of clients with their models and images. Dispose of it when done. */
export class ClientGroup {
  readonly model: Model;
  /** in the order of their models in the stack */
  #members: readonly Member[];
  /** how many of them, the first ones, train in this round */
  #training: number;
  readonly #optimizer: Optimizer;
  readonly #proximalTerm: ProximalTerm | null;
  /** where clients can be skipped */
  readonly #roundStart: RoundStart | null;
  readonly #finite: FiniteCheck;
  /** apart, for evaluations interrupt the training */
  readonly #outcomes: { readonly train: OutcomeBuffer; readonly evaluation: OutcomeBuffer };
  readonly #position: Tensor;
  readonly #stages: Tensor;
  readonly #recordings = new Map<string, Recording>();
  readonly #owned: DisposableStack;

  constructor(
    private readonly gpu: Gpu,
    private readonly arena: Arena,
    private readonly config: SimulationConfig,
    private readonly method: FederatedMethod,
    clients: readonly IndexedClient[],
  ) {
    using owned = new DisposableStack(); // gives back what there is if the rest does not fit
    const own = <T extends { dispose(): void }>(item: T) => owned.adopt(item, () => item.dispose());
    const { dataset, network, width, seed } = config;
    const classes = dataset.classNames.length;
    this.model = own(vgg(gpu, {
      stack: clients.length * method.roles.length,
      numClasses: classes,
      bias: network === "vgg_b",
      width,
      seed,
    }));
    this.#optimizer = own(optimizerOf(this.model, config));
    this.#proximalTerm = method.proximal
      ? own(new ProximalTerm(this.model, config.proximalMu))
      : null;
    this.#roundStart = config.onNan === "skip-client" ? own(new RoundStart(this.model)) : null;
    const { parameters, buffers } = this.model;
    this.#finite = own(new FiniteCheck({ parameters, buffers, ...this.#optimizer.memory }));
    this.#members = clients.map((client) => {
      const [train, valid, test] = splitNames.map((name) =>
        own(new ImageSplit(gpu, client.data[name], dataset.imageSize, client.index))
      );
      const trainOrder = storedOrder(size(client, "train"));
      return { ...client, splits: { train, valid, test }, trainOrder };
    });
    this.#training = clients.length;
    const largest = (splits: readonly SplitName[]) =>
      Math.max(...clients.flatMap((client) => splits.map((split) => size(client, split))));
    const outcomesOf = (splits: readonly SplitName[]) =>
      own(new OutcomeBuffer(gpu, this.model.stack, largest(splits), classes));
    this.#outcomes = { train: outcomesOf(["train"]), evaluation: outcomesOf(splitNames) };
    this.#position = own(gpu.keep(gpu.zeros([2], "u32")));
    this.#stages = own(gpu.keep(gpu.zeros([clients.length], "u32")));
    this.#owned = owned.move();
  }

  /** In the order of their models in the stack, which rounds may change. */
  get clients(): readonly IndexedClient[] {
    return this.#members;
  }

  /**
   * Local training begins, in effect with a new optimizer: it has no memory of the round before.
   *
   * @param participants clients that will train, by their index in the dataset
   */
  beginRound(learningRate: number, participants: readonly number[]): void {
    this.#arrange(participants);
    this.#optimizer.setLearningRate(learningRate);
    this.#optimizer.reset();
    this.#proximalTerm?.setAnchor();
    this.#roundStart?.remember();
  }

  /**
   * Clients whose numbers have gone bad are put back to where the round began, and sit out the rest of it.
   *
   * @param clients by their index in the dataset; those of other groups do not matter
   */
  skip(clients: readonly number[]): void {
    const participants = this.#members.slice(0, this.#training).map(({ index }) => index);
    const isSkipped = (client: number) => clients.includes(client);
    if (!participants.some(isSkipped)) return;
    const memory = Object.values(this.#memory);
    this.#members.forEach(({ index }, position) => {
      if (!isSkipped(index)) return;
      for (const role of this.method.roles.keys()) {
        const model = this.modelIndex(position, role);
        this.#roundStart?.restore(model); // without it, a state is about to be loaded
        for (const tensors of memory) {
          for (const { name } of tensors.blocks) this.gpu.clear(tensors.ofModel(name, model));
        }
      }
    });
    this.#arrange(participants.filter((client) => !isSkipped(client)));
  }

  /** Brings participants to the front, the longest first: at each step those with data left are a prefix. */
  #arrange(participants: readonly number[]): void {
    const takesPart = ({ index }: IndexedClient) => participants.includes(index);
    const rank = (member: Member) => takesPart(member) ? 0 : 1;
    const arranged = this.#members.toSorted((a, b) => rank(a) - rank(b) || byTrainingSize(a, b));
    const order = arranged.map((member) => this.#members.indexOf(member));
    this.#training = arranged.filter(takesPart).length;
    if (order.every((from, to) => from === to)) return;
    const models = order.flatMap((from) =>
      this.method.roles.map((_, role) => this.modelIndex(from, role))
    );
    for (const tensors of Object.values(this.#tensorSets(true))) tensors.rearrange(models);
    this.#members = arranged;
    this.#recordings.clear(); // they read the images of the clients that were there
  }

  /**
   * All that training has changed, `client.role.set.name` with the client's index in the dataset.
   *
   * @param amidRound with what only the rest of the round depends on: the optimizer's memory, the proximal anchor,
   *   the models at the beginning of the round
   */
  async state(amidRound: boolean): Promise<Map<string, HostTensor>> {
    const models = await downloadModels(this.#tensorSets(amidRound));
    return new Map(
      this.#eachModel((prefix, index) =>
        [...models[index]].map(([name, tensor]) => [`${prefix}.${name}`, tensor] as const)
      ).flat(),
    );
  }

  /**
   * Takes this group's part of what `state()` gave, however the clients were grouped then.
   *
   * @throws {TypeError} if a tensor is missing or has another shape
   */
  restore(tensors: ReadonlyMap<string, HostTensor>, amidRound: boolean): void {
    const sets = this.#tensorSets(amidRound);
    this.#eachModel((prefix, index) =>
      uploadModel(sets, index, (name) => tensors.get(`${prefix}.${name}`))
    );
  }

  #tensorSets(amidRound: boolean): TensorSets {
    const { parameters, buffers } = this.model;
    const start = this.#roundStart?.memory;
    return { parameters, buffers, ...(amidRound ? { ...this.#memory, ...start } : {}) };
  }

  /** What the steps of a round leave behind besides the models. */
  get #memory(): TensorSets {
    return { ...this.#optimizer.memory, ...this.#proximalTerm?.memory };
  }

  #eachModel<T>(body: (prefix: string, index: number) => T): T[] {
    return this.#members.flatMap(({ index: client }, position) =>
      this.method.roles.map((role, index) =>
        body(`${client}.${role}`, this.modelIndex(position, index))
      )
    );
  }

  /** The stage of each of this group's clients, by the client's index in the dataset. */
  setStages(stages: readonly (TransferStage | 0)[]): void {
    this.gpu.write(this.#stages, Uint32Array.from(this.#members, ({ index }) => stages[index]));
  }

  /** A new order of every client's training images, the same for the same (seed, client, epoch). */
  shuffle(epoch: number): void {
    for (const member of this.#members) {
      const random = new RandomStream(this.config.seed, shuffleStream, member.index, epoch);
      const order = random.permutation(size(member, "train"));
      member.trainOrder = order;
      member.splits.train.setOrder(order);
    }
  }

  /** Work of one pass in a round with these participants, in forward passes of one batch of one client. */
  work(kind: PassKind, participants: readonly number[]): number {
    const batches = this.#members
      .filter(({ index }) => splitOf(kind) !== "train" || participants.includes(index))
      .map((member) => this.#batches(member, kind));
    const sum = batches.reduce((sum, own) => sum + own, 0);
    if (kind !== "train") return sum;
    const evaluations = this.#evaluationsIn(Math.max(0, ...batches));
    return trainingCost * sum + evaluations * this.work("test", participants);
  }

  /** Steps of a local epoch of the participant that takes most. */
  get trainingSteps(): number {
    const participants = this.#members.slice(0, this.#training);
    return Math.max(0, ...participants.map((member) => this.#batches(member, "train")));
  }

  /** Evaluations amid a local epoch of so many steps; its end has its own. */
  #evaluationsIn(steps: number): number {
    const { evaluateEvery } = this.config;
    return evaluateEvery === null ? 0 : Math.max(0, Math.ceil(steps / evaluateEvery) - 1);
  }

  #isEvaluatedAfter(steps: number): boolean {
    const { evaluateEvery } = this.config;
    return evaluateEvery !== null && steps % evaluateEvery === 0 && steps < this.trainingSteps;
  }

  /**
   * Walks over a split, all clients at once; over the train split only those that take part in the
   * round. Training is interrupted for evaluations on the test split after every `evaluateEvery` steps,
   * but not after the last one.
   *
   * @param epoch counted over the whole run; keys the augmentation
   * @param profile measures some of the steps
   */
  async *pass(kind: PassKind, epoch: number, profile: StepProfile | null = null): Pass {
    const evaluations = new Map<number, GroupOutcomes>();
    const divergences: Divergence[] = [];
    const steps = this.#members.map((member, k) =>
      this.#takesPart(k, kind) ? this.#batches(member, kind) : 0
    );
    for (let step = 0; step < Math.max(...steps); step++) {
      const prefix = steps.findLastIndex((own) => own > step) + 1;
      this.gpu.write(this.#position, new Uint32Array([step, augmentationKey(kind, epoch)]));
      const recording = this.#recording(kind, prefix);
      if (profile) await profile.replay(recording, step);
      else recording.replay();
      const taken = steps.filter((own) => own > step).length;
      yield kind === "train" ? trainingCost * taken : taken;
      if (kind === "train" && this.#isEvaluatedAfter(step + 1)) {
        const evaluated = yield* this.pass("test", epoch);
        evaluations.set(step + 1, evaluated.outcomes);
        divergences.push(...evaluated.divergences.map((divergence) => ({
          ...divergence,
          step: Math.min(step + 1, divergence.steps),
        })));
      }
    }
    const { outcomes, divergences: read } = await this.#readOutcomes(kind);
    const first = inOrder([...divergences, ...read]).filter(({ client }, k, all) =>
      all.findIndex((other) => other.client === client) === k
    );
    return { outcomes, evaluations, divergences: first };
  }

  #takesPart(k: number, kind: PassKind): boolean {
    return splitOf(kind) !== "train" || k < this.#training;
  }

  /** Of an evaluation, divergences have step 0; after training, the weights are looked at too. */
  async #readOutcomes(kind: PassKind): Promise<Omit<PassResult, "evaluations">> {
    const buffer = kind === "train" ? this.#outcomes.train : this.#outcomes.evaluation;
    const values = await buffer.read();
    const bad = kind === "train" ? await this.notFinite() : [];
    const divergences: Divergence[] = [];
    const outcomes = this.#members.map((member, k) => {
      if (!this.#takesPart(k, kind)) return null;
      const labels = labelsAsTaken(member, kind);
      const steps = this.#batches(member, "train");
      const { batchSize } = this.config;
      const found = this.method.roles.flatMap((role, index): Divergence[] => {
        const first = buffer.firstBad(values, this.modelIndex(k, index), labels.length);
        if (first === null) return [];
        const step = kind === "train" ? Math.floor(first.image / batchSize) + 1 : 0;
        return [{ client: member.index, role, step, steps, cause: first.cause }];
      });
      const all = inOrder([...found, ...bad.filter(({ client }) => client === member.index)]);
      divergences.push(...all);
      if (all.length > 0) return null;
      return this.method.roles.map((_, index) =>
        buffer.score(values, this.modelIndex(k, index), labels, batchSize)
      );
    });
    return { outcomes, divergences };
  }

  /** Models with numbers that are not finite, as they are after a local epoch. */
  async notFinite(): Promise<Divergence[]> {
    const finite = await this.#finite.read();
    return this.#members.flatMap((member, k) => {
      const steps = this.#batches(member, "train");
      const cause = "a weight is not finite";
      return this.method.roles
        .filter((_, index) => !finite[this.modelIndex(k, index)])
        .map((role) => ({ client: member.index, role, step: steps, steps, cause }));
    });
  }

  /** Position in the stack of a client's model. */
  modelIndex(client: number, role: number): number {
    return client * this.method.roles.length + role;
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #batches(client: IndexedClient, kind: PassKind): number {
    return Math.ceil(size(client, splitOf(kind)) / this.config.batchSize);
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
    this.gpu.phase = "batch";
    const batch = this.#gather("train", prefix);
    this.gpu.phase = "forward";
    const logits = this.model.forward(batch.x, { training: true, counts: batch.counts });
    this.#outcomes.train.store(logits, batch, this.#position);
    const { labels, counts } = batch;
    const stages = this.#stages.view([prefix]);
    this.gpu.phase = "loss and backward";
    this.#optimizer.zeroGrad();
    backward(this.method.localLoss({ logits, labels, counts, stages }));
    this.gpu.phase = "update";
    this.#proximalTerm?.addGradient();
    this.#optimizer.step(prefix * this.method.roles.length);
  }

  #evaluateStep(kind: PassKind, prefix: number): void {
    const batch = this.#gather(kind, prefix);
    const logits = this.model.forward(batch.x, { counts: batch.counts });
    this.#outcomes.evaluation.store(logits, batch, this.#position);
  }

  #gather(kind: PassKind, prefix: number): Batch {
    const { batchSize: rows, dataset: { imageSize }, augment } = this.config;
    const roles = this.method.roles.length;
    const batch = emptyBatch(this.gpu, prefix * roles, rows, imageSize);
    const splits = this.#members.slice(0, prefix).map((member) => member.splits[splitOf(kind)]);
    if (augment === "full" && splitOf(kind) === "train") this.#augmented(splits, batch, kind);
    else {
      splits.forEach((split, client) => split.gather(batch, this.#position, { client, roles }));
    }
    return batch;
  }

  #augmented(splits: readonly ImageSplit[], batch: Batch, kind: PassKind): void {
    const { batchSize: rows, dataset: { imageSize }, seed } = this.config;
    const roles = this.method.roles.length;
    const bytes = emptyByteBatch(this.gpu, splits.length, rows, imageSize);
    splits.forEach((split, client) =>
      split.gatherBytes(bytes, batch, this.#position, { client, roles })
    );
    const byRole = kind === "evaluate-train"; // as in the official code: each evaluation draws anew
    augmentBatch(bytes, batch, { position: this.#position, seed, roles, byRole });
  }
}

function optimizerOf(model: Model, config: SimulationConfig): Optimizer {
  const { optimizer, learningRate: lr, weightDecay } = config;
  return { sgd, adam }[optimizer](model, { lr, weightDecay });
}

/** What stands for the epoch in the augmentation's random numbers; evaluation draws anew. */
export function augmentationKey(kind: PassKind, epoch: number): number {
  return 2 * epoch + Number(kind === "evaluate-train");
}

function splitOf(kind: PassKind): SplitName {
  return kind === "evaluate-train" ? "train" : kind;
}

function labelsAsTaken({ data, trainOrder }: Member, kind: PassKind): Int32Array {
  const { labels } = data[splitOf(kind)];
  return splitOf(kind) === "train" ? Int32Array.from(trainOrder, (image) => labels[image]) : labels;
}

/** Longest training split first. */
export function byTrainingSize(a: IndexedClient, b: IndexedClient): number {
  return size(b, "train") - size(a, "train");
}

function size({ data }: IndexedClient, split: SplitName): number {
  return data[split].labels.length;
}

function storedOrder(length: number): Uint32Array {
  return Uint32Array.from({ length }, (_, image) => image);
}
