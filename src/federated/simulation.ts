// The federated simulation: rounds of local training and communication, told as events.

import { splitNames } from "../data/dataset.ts";
import { meanMetrics, type Metrics } from "../metrics/classification.ts";
import type { Model } from "../nn/model.ts";
import { loadStateDict, stateDict } from "../nn/state_dict.ts";
import type { Gpu } from "../tensor/gpu.ts";
import type { HostTensor } from "../tensor/host_tensor.ts";
import { fourierRate } from "./aggregate/fourier.ts";
import { modelsThatFit } from "./capacity.ts";
import { checkConfig, ConfigError, type SimulationConfig } from "./config.ts";
import { byTrainingSize, ClientGroup, type GroupOutcomes, type PassKind } from "./client_group.ts";
import type {
  ByRole,
  CheckpointEvent,
  PredictionsEvent,
  ProgressEvent,
  SimulationEvent,
  StateEvent,
} from "./events.ts";
import type { FederatedMethod, Sharing } from "./methods/method.ts";
import { methodOf } from "./methods/registry.ts";
import type { Outcomes } from "./outcomes.ts";
import { learningRateOf } from "./learning_rate.ts";
import { participantsOf, updateArrives } from "./participation.ts";
import { Pacer } from "./pacing.ts";
import { collect, communicate, type SharedModel } from "./server.ts";
import { amplitudeSpectra } from "./spectrum.ts";
import { configurationOf, expectSameConfiguration, type SimulationState } from "./state.ts";
import { type TransferStage, transferStage } from "./transfer_stage.ts";

/** Outcomes of a pass, `[client][role]`, clients in the dataset's order; null for a client left out. */
type PassOutcomes = readonly (readonly Outcomes[] | null)[];

/** What a pass of all groups leaves behind; `evaluations` by the number of steps before, sparse. */
interface FederationPass {
  readonly outcomes: PassOutcomes;
  readonly evaluations: ReadonlyMap<number, PassOutcomes>;
}

/**
 * Runs a federation and tells what happens. Within a local epoch nothing is read back from the GPU.
 * The same configuration gives the same events on the same adapter, bit for bit, progress aside.
 *
 * With `resumeFrom` they are the run event and those that come after the state.
 *
 * @throws {ConfigError} for a setting that does not work or a state of another run, before the first event
 * @throws {DivergenceError} if a loss is no longer finite
 * @throws {GpuError} if the device fails
 */
export async function* simulate(
  gpu: Gpu,
  config: SimulationConfig,
): AsyncGenerator<SimulationEvent, void> {
  checkConfig(config);
  using federation = new Federation(gpu, config, methodOf(config.method));
  yield* federation.run();
}

/** All clients, in one group or several, and the state of the run. */
class Federation implements Disposable {
  readonly #arena;
  readonly #groups: ClientGroup[] = [];
  readonly #pacer: Pacer;
  readonly #parallelClients: number;
  /** clients that train in this round */
  #participants: readonly number[] = [];
  /** by client; 0 where none is decided */
  #stages: readonly (TransferStage | 0)[] = [];
  #best: { f1: number; round: number } | null = null;
  /** work done and to be done, in forward passes of one batch */
  #done = 0;
  #total = 0;

  constructor(
    private readonly gpu: Gpu,
    private readonly config: SimulationConfig,
    private readonly method: FederatedMethod,
  ) {
    this.#parallelClients = asConfigError(
      "The network does not work",
      () => parallelClients(gpu, config, method),
    );
    this.#arena = gpu.arena();
    this.#pacer = new Pacer(gpu);
  }

  async *run(): AsyncGenerator<SimulationEvent, void> {
    const { rounds, resumeFrom, stateEvery } = this.config;
    this.#makeGroups();
    const run = this.#runEvent();
    if (resumeFrom) this.#resume(resumeFrom);
    else this.#loadInitialState();
    const { round: firstRound, epoch: firstEpoch } = resumeFrom ?? { round: 0, epoch: 0 };
    this.#total = this.#workBefore(rounds, 0);
    this.#done = this.#workBefore(firstRound, firstEpoch);
    yield run;
    if (stateEvery && !resumeFrom) yield await this.#state(0, 0);
    let test: ByRole<Metrics> = {};
    for (let round = firstRound; round < rounds; round++) {
      const overBefore = round === firstRound ? firstEpoch : 0;
      if (overBefore === 0) yield this.#beginRound(round);
      yield* this.#localTraining(round, overBefore);
      const communication = yield* this.#communication(round);
      yield communication;
      test = communication.test;
      if (communication.selected) yield* this.#checkpoints("best", round, communication.clients);
      if (round === rounds - 1) yield* this.#checkpoints("final", round, communication.clients);
      else if (stateEvery) yield await this.#state(round + 1, 0);
    }
    yield { type: "done", rounds, bestRound: this.#best?.round ?? null, test };
  }

  [Symbol.dispose](): void {
    this.#groups.forEach((group) => group.dispose());
    this.#arena[Symbol.dispose]();
  }

  #makeGroups(): void {
    const { gpu, config, method } = this;
    const clients = config.dataset.clients.map((data, index) => ({ index, data }));
    clients.sort(byTrainingSize);
    for (let first = 0; first < clients.length; first += this.#parallelClients) {
      const members = clients.slice(first, first + this.#parallelClients);
      this.#groups.push(new ClientGroup(gpu, this.#arena, config, method, members));
    }
  }

  #loadInitialState(): void {
    const { initialState } = this.config;
    if (!initialState) return;
    asConfigError("The initial state does not fit the network", () => {
      for (const { model } of this.#groups) loadStateDict(model, initialState);
    });
  }

  /** Takes up a run where its state was told. */
  #resume(state: SimulationState): void {
    expectSameConfiguration(state, this.config);
    const { round, epoch, best, stages, tensors } = state;
    const { localEpochs, shuffle } = this.config;
    if (epoch > 0) this.#beginRound(round); // as it was then; what has changed since comes from the state
    asConfigError("The state does not fit the network", () => {
      for (const group of this.#groups) group.restore(tensors, this.#isAmidRound(epoch));
    });
    this.#best = best;
    this.#setStages(stages);
    const overall = round * localEpochs + epoch;
    if (shuffle && overall > 0) this.#groups.forEach((group) => group.shuffle(overall - 1));
  }

  /** @param epoch local epochs that are over in this round */
  async #state(round: number, epoch: number): Promise<StateEvent> {
    const parts: (readonly [string, HostTensor])[] = [];
    for (const group of this.#groups) parts.push(...await group.state(this.#isAmidRound(epoch)));
    const state = {
      round,
      epoch,
      best: this.#best,
      stages: this.#stages,
      configuration: configurationOf(this.config),
      tensors: new Map(parts),
    };
    return { type: "state", state };
  }

  /** Whether the models go on training before the next communication. */
  #isAmidRound(epoch: number): boolean {
    return epoch > 0 && epoch < this.config.localEpochs;
  }

  #beginRound(round: number): SimulationEvent {
    const learningRate = learningRateOf(this.config, round);
    this.#participants = participantsOf(this.config, round);
    this.#groups.forEach((group) => group.beginRound(learningRate, this.#participants));
    this.#stages = this.config.dataset.clients.map(() => 0);
    const participants = this.#namesOf(this.#participants);
    return { type: "round", round, learningRate, participants };
  }

  /** @param first epochs before it are over */
  async *#localTraining(round: number, first: number): AsyncGenerator<SimulationEvent, void> {
    for (let epoch = first; epoch < this.config.localEpochs; epoch++) {
      if (this.#transfers) yield* this.#decideStages(round, epoch);
      yield* this.#localEpoch(round, epoch);
      if (this.config.stateEvery === "epoch") yield await this.#state(round, epoch + 1);
    }
  }

  #setStages(stages: readonly (TransferStage | 0)[]): void {
    this.#stages = stages;
    this.#groups.forEach((group) => group.setStages(stages));
  }

  get #transfers(): boolean {
    return (this.method.transfer ?? "none") !== "none";
  }

  /** DET looks at both models of each client; with a single local epoch there is nothing to decide. */
  get #decides(): boolean {
    return this.method.transfer === "staged" && this.config.localEpochs > 1;
  }

  /** Decides the stages of one local epoch. */
  async *#decideStages(round: number, epoch: number): AsyncGenerator<SimulationEvent, void> {
    const { alpha1, alpha2 } = this.config;
    const outcomes = this.#decides
      ? (yield* this.#pass("evaluate-train", "evaluate", round, epoch)).outcomes
      : null;
    const { personalRole, sharing } = this.method;
    const stages: (TransferStage | 0)[] = this.#stages.map(() => 0);
    const clients = this.#participants.map((index) => {
      const own = outcomes?.[index];
      const decision = own ? this.#metrics(own) : null;
      const stage = decision === null ? 4 : transferStage(
        this.#stages[index],
        decision[sharing!.role].f1,
        decision[personalRole].f1,
        { alpha1, alpha2 },
      );
      stages[index] = stage;
      const client = this.config.dataset.clients[index].name;
      return { client, stage, decision, batchLosses: own ? this.#batchLosses(own) : null };
    });
    this.#setStages(stages);
    yield { type: "stage", round, epoch, clients };
  }

  async *#localEpoch(round: number, epoch: number): AsyncGenerator<SimulationEvent, void> {
    const overall = round * this.config.localEpochs + epoch;
    if (this.config.shuffle) this.#groups.forEach((group) => group.shuffle(overall));
    const training = yield* this.#pass("train", "train", round, epoch);
    const { outcomes: test } = yield* this.#pass("test", "test", round, epoch);
    yield* this.#evaluations(round, epoch, training.evaluations, test);
    const clients = this.#byClient((client, index) => {
      const own = training.outcomes[index];
      return {
        client,
        stage: this.#stages[index] || null,
        train: own && this.#metrics(own),
        batchLosses: own && this.#batchLosses(own),
        test: this.#metrics(test[index]!),
      };
    });
    yield {
      type: "epoch",
      round,
      epoch,
      clients,
      mean: this.#mean(clients.map(({ test }) => test)),
    };
  }

  /** What was measured amid the epoch; a client that has finished it stays at its end. */
  *#evaluations(
    round: number,
    epoch: number,
    evaluations: FederationPass["evaluations"],
    end: PassOutcomes,
  ): Generator<SimulationEvent, void> {
    const steps = this.#stepsPerEpoch();
    for (const [step, outcomes] of [...evaluations].sort(([a], [b]) => a - b)) {
      const clients = this.#byClient((client, index) => ({
        client,
        test: this.#metrics((outcomes[index] ?? end[index])!),
      }));
      const mean = this.#mean(clients.map(({ test }) => test));
      yield { type: "evaluation", round, epoch, step, steps, clients, mean };
    }
  }

  async *#communication(round: number) {
    const { rounds, localEpochs, fourierRate: initial } = this.config;
    const rate = fourierRate(round, rounds, initial);
    const { sharing } = this.method;
    const senders = sharing
      ? this.#participants.filter((client) => updateArrives(this.config, round, client))
      : [];
    if (sharing) yield* this.#share(round, sharing, senders, rate);
    const { outcomes: valid } = yield* this.#pass("valid", "aggregate", round, localEpochs - 1);
    const { outcomes: test } = yield* this.#pass("test", "aggregate", round, localEpochs - 1);
    const clients = this.#byClient((client, index) => ({
      client,
      valid: this.#metrics(valid[index]!),
      test: this.#metrics(test[index]!),
    }));
    if (round === rounds - 1) yield this.#predictions(round, test);
    const validMean = this.#mean(clients.map(({ valid }) => valid));
    return {
      type: "aggregation" as const,
      round,
      rate: sharing?.usesRate ? rate : null,
      senders: this.#namesOf(senders),
      receivers: this.#receivers(sharing, senders),
      clients,
      valid: validMean,
      test: this.#mean(clients.map(({ test }) => test)),
      selected: this.#select(round, validMean),
    };
  }

  /** Names of the clients that `communicate()` gives something. */
  #receivers(sharing: Sharing | null, senders: readonly number[]): string[] {
    const toAll = sharing?.receivers === "all" && senders.length > 0;
    return toAll ? this.#byClient((name) => name) : this.#namesOf(senders);
  }

  /** Communicates, and the last time shows what that does to the spectra of a layer. */
  async *#share(
    round: number,
    sharing: Sharing,
    senders: readonly number[],
    rate: number,
  ): AsyncGenerator<SimulationEvent, void> {
    const models = this.#sharedModels(sharing.role, senders);
    if (round < this.config.rounds - 1) return communicate(sharing, models, rate);
    const [, layer] = models[0].model.module.parameters.filter(({ kind }) => kind === "conv");
    const measure = async () => {
      using weights = collect(models, layer);
      return await amplitudeSpectra(weights);
    };
    const before = await measure();
    communicate(sharing, models, rate);
    const after = await measure();
    yield {
      type: "spectra",
      round,
      rate: sharing.usesRate ? rate : null,
      layer: layer.name,
      clients: this.#byClient((client, index) => ({
        client,
        before: before[index],
        after: after[index],
      })),
    };
  }

  #predictions(round: number, test: PassOutcomes): PredictionsEvent {
    const { dataset: { clients: data, classNames } } = this.config;
    const clients = this.#byClient((client, index) => ({
      client,
      labels: data[index].test.labels,
      probabilities: this.#byRole((_, role) => test[index]![role].probabilities),
    }));
    return { type: "predictions", round, clients, classNames };
  }

  /**
   * The official rule: the highest mean validation F1 of the personal models among the last fifth of
   * the rounds. There, runs of fewer than five rounds never select any; here the last round counts always.
   */
  #select(round: number, valid: ByRole<Metrics>): boolean {
    const { rounds } = this.config;
    const { f1 } = valid[this.method.personalRole];
    if (round < Math.min(0.8 * rounds, rounds - 1)) return false;
    if (this.#best && f1 <= this.#best.f1) return false;
    this.#best = { f1, round };
    return true;
  }

  async *#checkpoints(
    reason: CheckpointEvent["reason"],
    round: number,
    tests: readonly { readonly test: ByRole<Metrics> }[],
  ): AsyncGenerator<SimulationEvent, void> {
    for (const [index, client] of this.config.dataset.clients.entries()) {
      for (const role of this.method.roles) {
        const { model, index: position } = this.#modelOf(index, role);
        const tensors = await stateDict(model, position);
        const test = tests[index].test[role];
        yield { type: "checkpoint", reason, round, client: client.name, role, test, tensors };
      }
    }
  }

  /** One pass of all groups, in turn. */
  async *#pass(
    kind: PassKind,
    phase: ProgressEvent["phase"],
    round: number,
    epoch: number,
  ): AsyncGenerator<SimulationEvent, FederationPass> {
    const outcomes: (readonly Outcomes[] | null)[] = [];
    const evaluations = new Map<number, (readonly Outcomes[] | null)[]>();
    for (const group of this.#groups) {
      const pass = group.pass(kind, round * this.config.localEpochs + epoch);
      let state = await pass.next();
      while (!state.done) {
        this.#done += state.value;
        if (await this.#pacer.stepIssued()) {
          yield { type: "progress", round, epoch, phase, done: this.#done, total: this.#total };
        }
        state = await pass.next();
      }
      await this.#pacer.drain();
      const result = state.value;
      const place = (all: (readonly Outcomes[] | null)[], own: GroupOutcomes) =>
        group.clients.forEach(({ index }, position) => all[index] = own[position]);
      place(outcomes, result.outcomes);
      for (const [step, own] of result.evaluations) {
        place(evaluations.getOrInsert(step, []), own);
      }
    }
    return { outcomes, evaluations };
  }

  /** Work of so many rounds and some local epochs of the next, in forward passes of one batch of one client. */
  #workBefore(rounds: number, epochs: number): number {
    const { localEpochs } = this.config;
    let total = 0;
    for (let round = 0; round <= rounds; round++) {
      const participants = participantsOf(this.config, round);
      const work = (kind: PassKind) =>
        this.#groups.reduce((sum, group) => sum + group.work(kind, participants), 0);
      const decisions = this.#decides ? work("evaluate-train") : 0;
      const epoch = decisions + work("train") + work("test");
      if (round === rounds) total += epochs * epoch;
      else total += localEpochs * epoch + work("valid") + work("test");
    }
    return total;
  }

  #stepsPerEpoch(): number {
    return Math.max(...this.#groups.map((group) => group.trainingSteps));
  }

  #runEvent(): SimulationEvent {
    const { dataset, rounds, localEpochs } = this.config;
    return {
      type: "run",
      roles: this.method.roles,
      personalRole: this.method.personalRole,
      sharedRole: this.method.sharing?.role ?? null,
      clients: dataset.clients.map((client) => {
        const [train, valid, test] = splitNames.map((split) => client[split].labels.length);
        return { name: client.name, train, valid, test };
      }),
      classNames: dataset.classNames,
      rounds,
      localEpochs,
      stepsPerEpoch: this.#stepsPerEpoch(),
      parameters: this.#groups[0].model.size,
      parallelClients: this.#parallelClients,
    };
  }

  /** The models that the server reaches, in the dataset's order. */
  #sharedModels(role: string, senders: readonly number[]): SharedModel[] {
    const { clientWeights, dataset: { clients } } = this.config;
    return clients.map(({ train }, index) => ({
      ...this.#modelOf(index, role),
      weight: clientWeights === "samples" ? train.labels.length : 1,
      sends: senders.includes(index),
    }));
  }

  #modelOf(client: number, role: string): { model: Model; index: number } {
    const group = this.#groups.find(({ clients }) =>
      clients.some(({ index }) => index === client)
    )!;
    const position = group.clients.findIndex(({ index }) => index === client);
    const index = group.modelIndex(position, this.method.roles.indexOf(role));
    return { model: group.model, index };
  }

  #namesOf(clients: readonly number[]): string[] {
    return clients.map((index) => this.config.dataset.clients[index].name);
  }

  #byClient<T>(make: (name: string, index: number) => T): T[] {
    return this.config.dataset.clients.map(({ name }, index) => make(name, index));
  }

  #metrics(outcomes: readonly Outcomes[]): ByRole<Metrics> {
    return this.#byRole((_, role) => outcomes[role].metrics);
  }

  #batchLosses(outcomes: readonly Outcomes[]): ByRole<readonly number[]> {
    return this.#byRole((_, role) => outcomes[role].batchLosses);
  }

  #mean(clients: readonly ByRole<Metrics>[]): ByRole<Metrics> {
    return this.#byRole((role) => meanMetrics(clients.map((metrics) => metrics[role])));
  }

  #byRole<T>(make: (role: string, index: number) => T): ByRole<T> {
    return Object.fromEntries(this.method.roles.map((role, index) => [role, make(role, index)]));
  }
}

/** Runs what fails with a plain error if a setting does not fit, and says what that means. */
function asConfigError<T>(meaning: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    const isPlain = error instanceof TypeError || error instanceof RangeError;
    if (!isPlain || error instanceof ConfigError) throw error;
    throw new ConfigError(`${meaning}: ${error.message}`);
  }
}

/**
 * How many clients' models advance in one dispatch: what was asked for, or as many as the adapter can bind.
 *
 * @throws {ConfigError} if activations or parameters of so many do not fit
 */
function parallelClients(gpu: Gpu, config: SimulationConfig, method: FederatedMethod): number {
  const { dataset, batchSize, network, width } = config;
  const { imageSize, classNames } = dataset;
  const models = modelsThatFit(gpu, { network, width, classNames, imageSize, batchSize });
  const fitting = Math.floor(models / method.roles.length);
  const { parallelClients: wanted } = config;
  const least = wanted === "auto" ? 1 : Math.min(wanted, dataset.clients.length);
  if (fitting < least) {
    throw new ConfigError(
      `Cannot simulate ${least} parallel clients: adapter "${gpu.adapter.name}" has room for ${fitting} ` +
        `at batch size ${batchSize}, ${dataset.imageSize} pixels and width ${width}; make one of them smaller`,
    );
  }
  return wanted === "auto" ? Math.min(fitting, dataset.clients.length) : least;
}
