// All clients in one group or several: what a federation does group by group, and how far it has got.

import type { Arena } from "../gpu/recording.ts";
import type { Model } from "../nn/model.ts";
import { loadStateDict } from "../nn/state_dict.ts";
import type { Gpu } from "../tensor/gpu.ts";
import type { HostTensor } from "../tensor/host_tensor.ts";
import { ClientGroup } from "./client_group.ts";
import type { SimulationConfig } from "./config.ts";
import { type Divergence, inOrder } from "./divergence.ts";
import type { ProgressEvent } from "./events.ts";
import type { GroupOutcomes } from "./group_passes.ts";
import { byTrainingSize, type PassKind } from "./lineup.ts";
import type { FederatedMethod } from "./methods/method.ts";
import { decidesStages } from "./methods/settings.ts";
import type { Outcomes } from "./outcomes.ts";
import { Pacer } from "./pacing.ts";
import { participantsOf } from "./participation.ts";
import type { SharedModel } from "./server.ts";
import type { StepProfile } from "./step_profile.ts";
import type { TransferStage } from "./transfer_stage.ts";

/** Outcomes of a pass, `[client][role]`, clients in the dataset's order; null for a client left out or gone bad. */
export type PassOutcomes = readonly (readonly Outcomes[] | null)[];

/** What a pass of all groups leaves behind; `evaluations` by the number of steps before, sparse. */
export interface FederationPass {
  readonly outcomes: PassOutcomes;
  readonly evaluations: ReadonlyMap<number, PassOutcomes>;
  /** in order; at most one for each client, whose outcomes are null then */
  readonly divergences: readonly Divergence[];
}

/** Where in the run a pass is, for its progress. */
export type PassPlace = Pick<ProgressEvent, "phase" | "round" | "epoch">;

/** The run was told to stop amid a pass; the GPU is idle. Only `simulate()` sees this. */
export class Stopped extends Error {
  constructor(readonly place: PassPlace) {
    super("The run was told to stop");
  }
}

/** The groups. Dispose of them when done. */
export class ClientGroups implements Disposable {
  readonly #arena: Arena;
  readonly #groups: ClientGroup[] = [];
  readonly #pacer: Pacer;
  /** work done and to be done, in forward passes of one batch */
  #done = 0;
  readonly #total: number;

  /** @param parallelClients clients of a group */
  constructor(
    gpu: Gpu,
    private readonly config: SimulationConfig,
    private readonly method: FederatedMethod,
    parallelClients: number,
  ) {
    using owned = new DisposableStack(); // gives back what there is if the rest does not fit
    this.#arena = owned.use(gpu.arena());
    this.#pacer = new Pacer(gpu);
    const clients = config.dataset.clients.map((data, index) => ({ index, data }));
    clients.sort(byTrainingSize);
    for (let first = 0; first < clients.length; first += parallelClients) {
      const members = clients.slice(first, first + parallelClients);
      const group = new ClientGroup(gpu, this.#arena, config, method, members);
      this.#groups.push(owned.adopt(group, () => group.dispose()));
    }
    this.#total = this.#workBefore(config.rounds, 0);
    owned.move();
  }

  /** Trainable numbers of one model. */
  get modelSize(): number {
    return this.#groups[0].model.size;
  }

  /** Training steps of a local epoch of the participant that takes most. */
  get trainingSteps(): number {
    return Math.max(...this.#groups.map(({ lineup }) => lineup.trainingSteps));
  }

  /** @throws {TypeError} if a tensor is missing or has another shape */
  load(initialState: ReadonlyMap<string, HostTensor>): void {
    for (const { model } of this.#groups) loadStateDict(model, initialState);
  }

  /**
   * As `ClientGroup.state()`, of all clients.
   *
   * @param amidEpoch with what the local epoch under way has measured
   */
  async state(amidRound: boolean, amidEpoch: boolean): Promise<Map<string, HostTensor>> {
    const parts: (readonly [string, HostTensor])[] = [];
    for (const group of this.#groups) {
      parts.push(...await group.state(amidRound));
      if (amidEpoch) parts.push(...await group.underWay.state());
    }
    return new Map(parts);
  }

  /** Training steps of the local epoch under way that are over, by group. */
  get stepsTaken(): number[] {
    return this.#groups.map(({ underWay }) => underWay.taken);
  }

  /** Training steps of all groups that are still to come in the local epoch under way. */
  get stepsToCome(): number {
    return this.#groups.reduce(
      (sum, { lineup, underWay }) => sum + lineup.trainingSteps - underWay.taken,
      0,
    );
  }

  /** As `ClientGroup.restore()`, of all clients. */
  restore(tensors: ReadonlyMap<string, HostTensor>, amidRound: boolean): void {
    for (const group of this.#groups) group.restore(tensors, amidRound);
  }

  /** Local training begins; see `ClientGroup.beginRound()`. */
  beginRound(learningRate: number, participants: readonly number[]): void {
    for (const group of this.#groups) group.beginRound(learningRate, participants);
  }

  /** As `ClientGroup.skip()`. */
  skip(clients: readonly number[]): void {
    for (const group of this.#groups) group.skip(clients);
  }

  /** Models with numbers that are not finite. */
  async notFinite(): Promise<Divergence[]> {
    const found: Divergence[] = [];
    for (const group of this.#groups) found.push(...await group.passes.notFinite());
    return inOrder(found);
  }

  /** The stage of each client, by its index in the dataset. */
  setStages(stages: readonly (TransferStage | 0)[]): void {
    for (const group of this.#groups) group.setStages(stages);
  }

  /** As `ClientGroup.beginEpoch()`. */
  beginEpoch(epoch: number): void {
    for (const group of this.#groups) group.beginEpoch(epoch);
  }

  /**
   * A local epoch that has begun goes on from a state amid it, which `restore()` has been given.
   *
   * @param stepsTaken by group
   * @throws {RangeError} if there are not so many groups or steps
   * @throws {TypeError} if a tensor is missing or has another shape
   */
  resumeEpoch(stepsTaken: readonly number[], tensors: ReadonlyMap<string, HostTensor>): void {
    const { length } = this.#groups;
    if (stepsTaken.length !== length) {
      throw new RangeError(
        `Cannot go on with ${stepsTaken.length} groups of clients: there are ${length}`,
      );
    }
    this.#groups.forEach(({ underWay }, k) => underWay.restore(stepsTaken[k], tensors));
  }

  /**
   * Progress is counted from here: so many rounds, and local epochs of the next one, are over.
   *
   * @param isUnderWay and part of the local epoch after them
   */
  beginAt(round: number, epoch: number, isUnderWay = false): void {
    this.#done = this.#workBefore(round, epoch);
    if (!isUnderWay) return;
    this.#done += this.#decisionWork(participantsOf(this.config, round));
    for (const { passes } of this.#groups) this.#done += passes.workOfTraining;
  }

  /**
   * One pass of all groups, in turn; tells its progress. `profile` measures some of the steps.
   *
   * @throws {Stopped} after the step under way, if the run is told to stop
   */
  async *pass(
    kind: PassKind,
    place: PassPlace,
    profile: StepProfile | null = null,
  ): AsyncGenerator<ProgressEvent, FederationPass> {
    const outcomes: (readonly Outcomes[] | null)[] = [];
    const evaluations = new Map<number, (readonly Outcomes[] | null)[]>();
    const divergences: Divergence[] = [];
    for (const group of this.#groups) {
      const overall = place.round * this.config.localEpochs + place.epoch;
      const pass = group.passes.walk(kind, overall, profile);
      let state = await pass.next();
      while (!state.done) {
        this.#done += state.value;
        if (await this.#pacer.stepIssued()) {
          yield { type: "progress", ...place, done: this.#done, total: this.#total };
        }
        if (this.config.stop?.aborted) {
          await this.#pacer.drain();
          throw new Stopped(place);
        }
        state = await pass.next();
      }
      await this.#pacer.drain();
      const result = state.value;
      const put = (all: (readonly Outcomes[] | null)[], own: GroupOutcomes) =>
        group.lineup.members.forEach(({ index }, position) => all[index] = own[position]);
      put(outcomes, result.outcomes);
      for (const [step, own] of result.evaluations) put(evaluations.getOrInsert(step, []), own);
      divergences.push(...result.divergences);
    }
    return { outcomes, evaluations, divergences: inOrder(divergences) };
  }

  /** The models that the server reaches, in the dataset's order. */
  sharedModels(role: string, senders: readonly number[]): SharedModel[] {
    const { clientWeights, dataset: { clients } } = this.config;
    return clients.map(({ train }, index) => ({
      ...this.modelOf(index, role),
      weight: clientWeights === "samples" ? train.labels.length : 1,
      sends: senders.includes(index),
    }));
  }

  /** Where a client's model is. */
  modelOf(client: number, role: string): { model: Model; index: number } {
    const { model, lineup } = this.#groups.find(({ lineup: { members } }) =>
      members.some(({ index }) => index === client)
    )!;
    const position = lineup.members.findIndex(({ index }) => index === client);
    return { model, index: lineup.modelIndex(position, this.method.roles.indexOf(role)) };
  }

  [Symbol.dispose](): void {
    this.#groups.forEach((group) => group.dispose());
    this.#arena[Symbol.dispose]();
  }

  /** Work of so many rounds and some local epochs of the next, in forward passes of one batch of one client. */
  #workBefore(rounds: number, epochs: number): number {
    const { localEpochs } = this.config;
    let total = 0;
    for (let round = 0; round <= rounds; round++) {
      const participants = participantsOf(this.config, round);
      const work = (kind: PassKind) => this.#workOf(kind, participants);
      const epoch = this.#decisionWork(participants) + work("train") + work("test");
      if (round === rounds) total += epochs * epoch;
      else total += localEpochs * epoch + work("valid") + work("test");
    }
    return total;
  }

  /** Of a local epoch. */
  #decisionWork(participants: readonly number[]): number {
    const isDecided = decidesStages(this.method, this.config.localEpochs);
    return isDecided ? this.#workOf("evaluate-train", participants) : 0;
  }

  #workOf(kind: PassKind, participants: readonly number[]): number {
    return this.#groups.reduce((sum, group) => sum + group.passes.work(kind, participants), 0);
  }
}
