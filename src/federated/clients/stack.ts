// The clients of a federation on the GPU: one stack of models, or several groups of them in turn.

import type { Model } from "../../nn/model.ts";
import { loadStateDict } from "../../nn/state_dict.ts";
import type { TensorSets } from "../../nn/training_state.ts";
import type { HostTensor } from "../../tensor/host_tensor.ts";
import { type Divergence, inOrder } from "../recovery/divergence.ts";
import { epochsOver, isTraining, type Position } from "../recovery/position.ts";
import type { TransferStage } from "../methods/transfer_stage.ts";
import { ClientGroup, type StateSpan } from "./group.ts";
import type { PassKind } from "./order.ts";
import type { Outcomes } from "./outcomes.ts";
import { Pacer } from "./pacing.ts";
import type { GroupOutcomes, Pass, Replay } from "./passes.ts";
import type { Setup } from "./setup.ts";
import { groupsOf, Workload } from "./workload.ts";
import { Owned } from "../../owned.ts";
import { getOrMake } from "../../maps.ts";

/** Outcomes of a pass, `[client][role]`, clients in the dataset's order; null for a client left out or gone bad. */
export type PassOutcomes = readonly (readonly Outcomes[] | null)[];

/** What a pass of all groups leaves behind; `evaluations` by the number of steps before, sparse. */
export interface StackPass {
  readonly outcomes: PassOutcomes;
  readonly evaluations: ReadonlyMap<number, PassOutcomes>;
  /** in order; at most one for each client, whose outcomes are null then */
  readonly divergences: readonly Divergence[];
}

/** Work done and to be done in the whole run, in forward passes of one batch of one client. */
export interface WorkDone {
  readonly done: number;
  readonly total: number;
}

/** A local epoch; both count from 0. */
export interface EpochPlace {
  readonly round: number;
  readonly epoch: number;
}

/** A client's model: its place in a stack, and what its method remembers of the models there. */
export interface ModelPlace {
  readonly model: Model;
  readonly index: number;
  readonly memory: TensorSets;
}

/** Passes that change no weights. */
export type EvaluationKind = Exclude<PassKind, "train">;

/** The run was told to stop during a pass; the GPU is idle. */
export class Stopped extends Error {
  constructor() {
    super("The run was told to stop");
  }
}

/** All clients. Dispose of it when done. */
export class ClientStack implements Disposable {
  readonly #groups: ClientGroup[] = [];
  readonly #workload: Workload;
  readonly #pacer: Pacer;
  readonly #owned: Owned;
  #done = 0;

  /**
   * @param parallelClients clients of a group
   * @param stop once aborted, passes end with `Stopped` after the step under way
   */
  constructor(
    private readonly setup: Setup,
    readonly parallelClients: number,
    private readonly stop: Pick<AbortSignal, "aborted"> | null,
  ) {
    using owned = new Owned(); // gives back what there is if the rest does not fit
    const { gpu, config, method } = setup;
    const arena = owned.use(gpu.arena());
    const groups = groupsOf(config, parallelClients);
    for (const clients of groups) {
      const group = new ClientGroup(setup, arena, clients);
      this.#groups.push(owned.adopt(group, () => group.dispose()));
    }
    this.#workload = new Workload(config, method, groups);
    this.#pacer = new Pacer(gpu);
    this.#owned = owned.move();
  }

  /** Trainable numbers of one model. */
  get modelSize(): number {
    return this.#groups[0].tensors.model.size;
  }

  /** Training steps of a local epoch of the participant that takes most. */
  get trainingSteps(): number {
    return Math.max(...this.#groups.map(({ order }) => order.trainingSteps));
  }

  /** Training steps of all groups that are still to come in the local epoch under way. */
  get stepsToCome(): number {
    return this.#groups
      .map(({ order, progress }) => order.trainingSteps - progress.steps)
      .reduce((sum, steps) => sum + steps, 0);
  }

  /** Where the local epoch under way stands. */
  positionIn({ round, epoch }: EpochPlace): Position {
    const steps = this.#groups.map(({ progress }) => progress.steps);
    return { at: "step", round, epoch, parallelClients: this.parallelClients, steps };
  }

  /** @throws {TypeError} if a tensor is missing or has another shape */
  load(initialState: ReadonlyMap<string, HostTensor>): void {
    for (const { tensors } of this.#groups) loadStateDict(tensors.model, initialState);
  }

  /** Local training begins; see `ClientGroup.beginRound()`. */
  beginRound(learningRate: number, participants: readonly number[]): void {
    for (const group of this.#groups) group.beginRound(learningRate, participants);
  }

  /** As `ClientGroup.beginEpoch()`. */
  beginEpoch({ round, epoch }: EpochPlace): void {
    for (const group of this.#groups) group.beginEpoch(this.#overall({ round, epoch }));
  }

  /** The local epoch before a position, or under way there, begins again: for its order of the training images. */
  beginLastEpoch(position: Position): void {
    const { localEpochs } = this.setup.config;
    const overall = position.round * localEpochs + epochsOver(position, localEpochs);
    const last = position.at === "step" ? overall : overall - 1;
    if (last >= 0) { for (const group of this.#groups) group.beginEpoch(last); }
  }

  /** The stage of each client, by its index in the dataset. */
  setStages(stages: readonly (TransferStage | 0)[]): void {
    for (const group of this.#groups) group.setStages(stages);
  }

  /** As `ClientGroup.skip()`. */
  skip(clients: readonly number[]): void {
    for (const group of this.#groups) group.skip(clients);
  }

  /** A local epoch is over, of which clients that were left out have done less than was planned. */
  endEpoch({ round, epoch }: EpochPlace): void {
    this.#done = this.#workload.before(round, epoch + 1);
    if (epoch + 1 < this.setup.config.localEpochs) return;
    for (const group of this.#groups) group.endTraining();
  }

  /** The rest of a local epoch; see `Passes.train()`. A profile replays some of the steps in its own way. */
  async *train(
    place: EpochPlace,
    replay: Replay = (recording) => recording.replay(),
  ): AsyncGenerator<WorkDone, StackPass> {
    const epoch = this.#overall(place);
    return yield* this.#pass(({ passes }) => passes.train(epoch, replay));
  }

  /** An evaluation of all models, on training images with the augmentation of the epoch. */
  async *evaluate(
    kind: EvaluationKind,
    place: EpochPlace,
  ): AsyncGenerator<WorkDone, StackPass> {
    const epoch = this.#overall(place);
    return yield* this.#pass(({ passes }) => passes.evaluate(kind, epoch));
  }

  /**
   * One pass of all groups, in turn.
   *
   * @throws {Stopped} after the step under way, if the run is told to stop
   */
  async *#pass(passOf: (group: ClientGroup) => Pass): AsyncGenerator<WorkDone, StackPass> {
    const outcomes: (readonly Outcomes[] | null)[] = [];
    const evaluations = new Map<number, (readonly Outcomes[] | null)[]>();
    const divergences: Divergence[] = [];
    for (const group of this.#groups) {
      const pass = passOf(group);
      let state = await pass.next();
      while (!state.done) {
        this.#done += state.value;
        if (await this.#pacer.stepIssued()) {
          yield { done: this.#done, total: this.#workload.total };
        }
        if (this.stop?.aborted) {
          await this.#pacer.drain();
          throw new Stopped();
        }
        state = await pass.next();
      }
      await this.#pacer.drain();
      const result = state.value;
      const put = (all: (readonly Outcomes[] | null)[], own: GroupOutcomes) =>
        group.order.members.forEach(({ index }, position) => all[index] = own[position]);
      put(outcomes, result.outcomes);
      for (const [step, own] of result.evaluations) {
        put(getOrMake(evaluations, step, () => []), own);
      }
      divergences.push(...result.divergences);
    }
    return { outcomes, evaluations, divergences: inOrder(divergences) };
  }

  /** Models with numbers that are not finite. */
  async notFinite(): Promise<Divergence[]> {
    const found: Divergence[] = [];
    for (const { passes } of this.#groups) found.push(...await passes.notFinite());
    return inOrder(found);
  }

  /** The models of a role, in the dataset's order. */
  modelsOf(role: string): ModelPlace[] {
    const { config, method } = this.setup;
    const places = new Map(
      this.#groups.flatMap(({ tensors: { model, memory }, order }) =>
        order.members.map(({ index: client }, position) => {
          const index = order.modelIndex(position, method.roles.indexOf(role));
          return [client, { model, index, memory: memory.sets }] as const;
        })
      ),
    );
    return config.dataset.clients.map((_, client) => places.get(client)!);
  }

  /** All that the rest of the run depends on, of all clients. */
  async state(position: Position): Promise<Map<string, HostTensor>> {
    const parts: (readonly [string, HostTensor])[] = [];
    for (const group of this.#groups) {
      parts.push(...await group.state(this.#span(position)));
      if (position.at === "step") parts.push(...await group.progress.state());
    }
    return new Map(parts);
  }

  /**
   * Goes on from what `state()` gave; the round and the epoch of the position have begun.
   *
   * @throws {RangeError} if there are not so many groups or steps
   * @throws {TypeError} if a tensor is missing or has another shape
   */
  restore(position: Position, tensors: ReadonlyMap<string, HostTensor>): void {
    for (const group of this.#groups) group.restore(tensors, this.#span(position));
    if (position.at !== "step") return;
    const { steps } = position;
    const { length } = this.#groups;
    if (steps.length !== length) {
      throw new RangeError(
        `Cannot go on with ${steps.length} groups of clients: there are ${length}`,
      );
    }
    this.#groups.forEach(({ progress }, k) => progress.restore(steps[k], tensors));
  }

  /** Progress is counted from a position, whose state has been restored. */
  countFrom(position: Position): void {
    const { round } = position;
    const { localEpochs } = this.setup.config;
    this.#done = this.#workload.before(round, epochsOver(position, localEpochs));
    if (position.at !== "step") return;
    this.#done += this.#workload.decision(round);
    this.#groups.forEach(({ order, progress }, k) => {
      const { steps, evaluations } = progress;
      this.#done += this.#workload.trained(k, order.participants, steps, evaluations.size);
    });
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }

  #span(position: Position): StateSpan {
    const { localEpochs } = this.setup.config;
    if (isTraining(position, localEpochs)) return "training";
    return position.at === "epoch" ? "round" : "run";
  }

  /** Counted over the whole run. */
  #overall({ round, epoch }: EpochPlace): number {
    return round * this.setup.config.localEpochs + epoch;
  }
}
