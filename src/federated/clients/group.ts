// Clients whose models advance together: one stack, what a round makes of it, and its state.

import type { Arena } from "../../gpu/recording.ts";
import { downloadModels, uploadModel } from "../../nn/training_state.ts";
import { RandomStream } from "../../random.ts";
import type { HostTensor } from "../../tensor/host_tensor.ts";
import { batchingOf } from "../../data/batching.ts";
import type { TransferStage } from "../methods/transfer_stage.ts";
import { EpochProgress } from "./epoch_progress.ts";
import { ClientOrder, type IndexedClient, size } from "./order.ts";
import { Passes } from "./passes.ts";
import type { Setup } from "./setup.ts";
import { RecordedSteps } from "./steps.ts";
import { GroupTensors } from "./tensors.ts";

/** Separates the random numbers that shuffle from those that initialise and augment. */
const shuffleStream = 2;

/** What of a group a state holds: during local training, before the communication, or after it. */
export type StateSpan = Parameters<GroupTensors["sets"]>[0];

/** A group of clients with their models and images. Dispose of it when done. */
export class ClientGroup {
  readonly tensors: GroupTensors;
  readonly order: ClientOrder;
  readonly progress: EpochProgress;
  readonly passes: Passes;
  readonly #steps: RecordedSteps;
  #learningRate = 0;

  constructor(private readonly setup: Setup, arena: Arena, clients: readonly IndexedClient[]) {
    const { config, method } = setup;
    this.tensors = new GroupTensors(setup, clients);
    const { members } = this.tensors;
    this.order = new ClientOrder(members, method.roles.length, batchingOf(config));
    this.progress = new EpochProgress(setup, this.order, this.tensors);
    this.#steps = new RecordedSteps(setup, this.tensors, arena);
    this.passes = new Passes(setup, this.order, this.tensors, this.#steps, this.progress);
  }

  /**
   * Local training begins, in effect with a new optimizer unless the configuration keeps it.
   *
   * @param participants clients that will train, by their index in the dataset
   */
  beginRound(learningRate: number, participants: readonly number[]): void {
    const { optimizer, memory, rollback } = this.tensors;
    this.#arrange(participants);
    this.#learningRate = learningRate;
    optimizer.setLearningRate(learningRate);
    if (!this.setup.config.keepOptimizer) optimizer.reset();
    memory.beforeRound();
    rollback?.remember();
  }

  /**
   * A local epoch begins, of the part of the network that the method trains. Where images are shuffled, every client
   * has a new order of its training images, which follows from seed, client and epoch.
   *
   * @param epoch counted over the whole run
   */
  beginEpoch(epoch: number): void {
    const { config: { localEpochs, seed, shuffle }, method, settings } = this.setup;
    this.progress.begin();
    if (method.trains) {
      const part = method.trains(epoch % localEpochs, localEpochs, settings);
      this.tensors.optimizer.train(part);
    }
    if (!shuffle) return;
    for (const member of this.order.members) {
      const random = new RandomStream(seed, shuffleStream, member.place, epoch);
      const order = random.permutation(size(member, "train"));
      member.trainOrder = order;
      member.splits.train.setOrder(order);
    }
  }

  /** The last local epoch of the round is over. */
  endTraining(): void {
    const { config, method } = this.setup;
    this.tensors.memory.afterTraining(this.order.participants.flatMap((member) => {
      const steps = config.localEpochs * this.order.batches(member, "train");
      return method.roles.map(() => this.#learningRate * steps);
    }));
  }

  /** The stage of each of this group's clients, by the client's index in the dataset. */
  setStages(stages: readonly (TransferStage | 0)[]): void {
    const own = Uint32Array.from(this.order.members, ({ index }) => stages[index]);
    this.setup.gpu.write(this.tensors.stages, own);
  }

  /**
   * Clients whose numbers have gone bad are put back to where the round began, and sit out the rest of it.
   *
   * @param clients by their index in the dataset; those of other groups do not matter
   */
  skip(clients: readonly number[]): void {
    const participants = this.order.participants.map(({ index }) => index);
    const isSkipped = (client: number) => clients.includes(client);
    if (!participants.some(isSkipped)) return;
    const { optimizer, memory, rollback } = this.tensors;
    this.order.members.forEach(({ index }, position) => {
      if (!isSkipped(index)) return;
      for (const model of this.order.modelsOf(position)) {
        memory.forget(model);
        for (const tensors of Object.values(optimizer.memory)) {
          for (const { name } of tensors.blocks) {
            this.setup.gpu.clear(tensors.ofModel(name, model));
          }
        }
        rollback?.restore(model); // without it, a state is about to be loaded
      }
    });
    this.#arrange(participants.filter((client) => !isSkipped(client)));
  }

  #arrange(participants: readonly number[]): void {
    const models = this.order.arrange(participants);
    if (models === null) return;
    for (const tensors of Object.values(this.tensors.sets("training"))) tensors.rearrange(models);
    this.#steps.clear();
  }

  /** All that training has changed, `client.role.set.name` with the client's index in the dataset. */
  async state(span: StateSpan): Promise<Map<string, HostTensor>> {
    const models = await downloadModels(this.tensors.sets(span));
    return new Map(
      this.order.eachModel(
        this.setup.method.roles,
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
  restore(tensors: ReadonlyMap<string, HostTensor>, span: StateSpan): void {
    const sets = this.tensors.sets(span);
    this.order.eachModel(
      this.setup.method.roles,
      (prefix, index) => uploadModel(sets, index, (name) => tensors.get(`${prefix}.${name}`)),
    );
  }

  dispose(): void {
    this.tensors.dispose();
  }
}
