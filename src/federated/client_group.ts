// Clients whose models advance together: one stack, what a round makes of it, and its state.

import { ImageSplit } from "../data/image_batches.ts";
import { type SplitName, splitNames } from "../data/dataset.ts";
import type { Arena } from "../gpu/recording.ts";
import { adam } from "../nn/adam.ts";
import { FiniteCheck } from "../nn/finite.ts";
import type { Model } from "../nn/model.ts";
import type { Optimizer } from "../nn/optimizer.ts";
import { sgd } from "../nn/sgd.ts";
import { downloadModels, type TensorSets, uploadModel } from "../nn/training_state.ts";
import { vgg } from "../nn/vgg.ts";
import { RandomStream } from "../random.ts";
import type { Gpu } from "../tensor/gpu.ts";
import type { HostTensor } from "../tensor/host_tensor.ts";
import { batchingOf } from "./batching.ts";
import type { SimulationConfig } from "./config.ts";
import { EpochUnderWay } from "./epoch_under_way.ts";
import { GroupPasses } from "./group_passes.ts";
import { type IndexedClient, Lineup, size } from "./lineup.ts";
import type { FederatedMethod } from "./methods/method.ts";
import { OutcomeBuffer } from "./outcomes.ts";
import { ProximalTerm } from "./proximal_term.ts";
import { RecordedSteps, type StepTensors } from "./recorded_steps.ts";
import { RoundStart } from "./round_start.ts";
import type { TransferStage } from "./transfer_stage.ts";

/** Separates the random numbers that shuffle from those that initialise and augment. */
const shuffleStream = 2;

/** A group of clients with their models and images. Dispose of it when done. */
export class ClientGroup {
  readonly lineup: Lineup;
  readonly passes: GroupPasses;
  readonly underWay: EpochUnderWay;
  readonly #tensors: StepTensors;
  /** where clients can be skipped */
  readonly #roundStart: RoundStart | null;
  readonly #steps: RecordedSteps;
  readonly #owned: DisposableStack;

  constructor(
    private readonly gpu: Gpu,
    arena: Arena,
    private readonly config: SimulationConfig,
    private readonly method: FederatedMethod,
    clients: readonly IndexedClient[],
  ) {
    using owned = new DisposableStack(); // gives back what there is if the rest does not fit
    const own = <T extends { dispose(): void }>(item: T) => owned.adopt(item, () => item.dispose());
    const { dataset, network, width, seed } = config;
    const classes = dataset.classNames.length;
    const model = own(vgg(gpu, {
      stack: clients.length * method.roles.length,
      numClasses: classes,
      bias: network === "vgg_b",
      width,
      seed,
    }));
    const optimizer = own(optimizerOf(model, config));
    const proximalTerm = method.proximal ? own(new ProximalTerm(model, config.proximalMu)) : null;
    this.#roundStart = config.onNan === "skip-client" ? own(new RoundStart(model)) : null;
    const { parameters, buffers } = model;
    const finite = own(new FiniteCheck({ parameters, buffers, ...optimizer.memory }));
    const members = clients.map((client) => {
      const [train, valid, test] = splitNames.map((name) =>
        own(new ImageSplit(gpu, client.data[name], dataset.imageSize, client.index))
      );
      const trainOrder = storedOrder(size(client, "train"));
      return { ...client, splits: { train, valid, test }, trainOrder };
    });
    const largest = (splits: readonly SplitName[]) =>
      Math.max(...clients.flatMap((client) => splits.map((split) => size(client, split))));
    const outcomesOf = (splits: readonly SplitName[]) =>
      own(new OutcomeBuffer(gpu, model.stack, largest(splits), classes));
    const outcomes = { train: outcomesOf(["train"]), evaluation: outcomesOf(splitNames) };
    const position = own(gpu.keep(gpu.zeros([2], "u32")));
    const stages = own(gpu.keep(gpu.zeros([clients.length], "u32")));
    this.lineup = new Lineup(members, method.roles.length, batchingOf(config));
    this.#tensors = { model, optimizer, proximalTerm, outcomes, position, stages };
    this.#steps = new RecordedSteps(gpu, arena, config, method, this.#tensors);
    this.underWay = new EpochUnderWay(config, method, this.lineup, outcomes.train);
    this.passes = new GroupPasses(
      gpu,
      config,
      method,
      this.lineup,
      this.#steps,
      this.#tensors,
      finite,
      this.underWay,
    );
    this.#owned = owned.move();
  }

  get model(): Model {
    return this.#tensors.model;
  }

  /**
   * Local training begins, in effect with a new optimizer: it has no memory of the round before.
   *
   * @param participants clients that will train, by their index in the dataset
   */
  beginRound(learningRate: number, participants: readonly number[]): void {
    const { optimizer, proximalTerm } = this.#tensors;
    this.#arrange(participants);
    optimizer.setLearningRate(learningRate);
    optimizer.reset();
    proximalTerm?.setAnchor();
    this.#roundStart?.remember();
  }

  /**
   * Clients whose numbers have gone bad are put back to where the round began, and sit out the rest of it.
   *
   * @param clients by their index in the dataset; those of other groups do not matter
   */
  skip(clients: readonly number[]): void {
    const participants = this.lineup.participants.map(({ index }) => index);
    const isSkipped = (client: number) => clients.includes(client);
    if (!participants.some(isSkipped)) return;
    const memory = Object.values(this.#memory);
    this.lineup.members.forEach(({ index }, position) => {
      if (!isSkipped(index)) return;
      for (const model of this.lineup.modelsOf(position)) {
        this.#roundStart?.restore(model); // without it, a state is about to be loaded
        for (const tensors of memory) {
          for (const { name } of tensors.blocks) this.gpu.clear(tensors.ofModel(name, model));
        }
      }
    });
    this.#arrange(participants.filter((client) => !isSkipped(client)));
  }

  #arrange(participants: readonly number[]): void {
    const models = this.lineup.arrange(participants);
    if (models === null) return;
    for (const tensors of Object.values(this.#tensorSets(true))) tensors.rearrange(models);
    this.#steps.clear();
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
      this.lineup.eachModel(
        this.method.roles,
        (prefix, index) =>
          [...models[index]].map(([name, tensor]) => [`${prefix}.${name}`, tensor] as const),
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
    this.lineup.eachModel(
      this.method.roles,
      (prefix, index) => uploadModel(sets, index, (name) => tensors.get(`${prefix}.${name}`)),
    );
  }

  #tensorSets(amidRound: boolean): TensorSets {
    const { parameters, buffers } = this.model;
    const start = this.#roundStart?.memory;
    return { parameters, buffers, ...(amidRound ? { ...this.#memory, ...start } : {}) };
  }

  /** What the steps of a round leave behind besides the models. */
  get #memory(): TensorSets {
    const { optimizer, proximalTerm } = this.#tensors;
    return { ...optimizer.memory, ...proximalTerm?.memory };
  }

  /** The stage of each of this group's clients, by the client's index in the dataset. */
  setStages(stages: readonly (TransferStage | 0)[]): void {
    const own = Uint32Array.from(this.lineup.members, ({ index }) => stages[index]);
    this.gpu.write(this.#tensors.stages, own);
  }

  /**
   * A local epoch begins, if images are shuffled with a new order of every client's training images, the same for the
   * same (seed, client, epoch).
   *
   * @param epoch counted over the whole run
   */
  beginEpoch(epoch: number): void {
    this.underWay.begin();
    if (!this.config.shuffle) return;
    for (const member of this.lineup.members) {
      const random = new RandomStream(this.config.seed, shuffleStream, member.index, epoch);
      const order = random.permutation(size(member, "train"));
      member.trainOrder = order;
      member.splits.train.setOrder(order);
    }
  }

  dispose(): void {
    this.#owned.dispose();
  }
}

function optimizerOf(model: Model, config: SimulationConfig): Optimizer {
  const { optimizer, learningRate: lr, weightDecay } = config;
  return { sgd, adam }[optimizer](model, { lr, weightDecay });
}

function storedOrder(length: number): Uint32Array {
  return Uint32Array.from({ length }, (_, image) => image);
}
