// The federated simulation: rounds of local training and communication, told as events.

import { splitNames } from "../data/dataset.ts";
import { meanMetrics, type Metrics } from "../metrics/classification.ts";
import { loadStateDict, stateDict } from "../nn/state_dict.ts";
import type { Gpu } from "../tensor/gpu.ts";
import { fourierRate } from "./aggregate/fourier.ts";
import { modelsThatFit } from "./capacity.ts";
import { checkConfig, ConfigError, type SimulationConfig } from "./config.ts";
import { byTrainingSize, ClientGroup, type GroupOutcomes, type PassKind } from "./client_group.ts";
import type { ByRole, CheckpointEvent, ProgressEvent, SimulationEvent } from "./events.ts";
import type { FederatedMethod } from "./methods/method.ts";
import { prrfl } from "./methods/prrfl.ts";
import type { Outcomes } from "./outcomes.ts";
import { Pacer } from "./pacing.ts";
import { communicate, type SharedModel } from "./server.ts";
import { type TransferStage, transferStage } from "./transfer_stage.ts";

const methodOf: Readonly<Record<SimulationConfig["method"], FederatedMethod>> = { prrfl };

/** Outcomes of a pass, `[client][role]`, clients in the dataset's order. */
type PassOutcomes = readonly (readonly Outcomes[])[];

/** What a pass of all groups leaves behind; `evaluations` by the number of steps before, sparse. */
interface FederationPass {
  readonly outcomes: PassOutcomes;
  readonly evaluations: ReadonlyMap<number, PassOutcomes>;
}

/**
 * Runs a federation and tells what happens. Within a local epoch nothing is read back from the GPU.
 * The same configuration gives the same events on the same adapter, bit for bit, progress aside.
 *
 * @throws {ConfigError} for a setting that does not work, before the first event
 * @throws {DivergenceError} if a loss is no longer finite
 * @throws {GpuError} if the device fails
 */
export async function* simulate(
  gpu: Gpu,
  config: SimulationConfig,
): AsyncGenerator<SimulationEvent, void> {
  checkConfig(config);
  using federation = new Federation(gpu, config, methodOf[config.method]);
  yield* federation.run();
}

/** All clients, in one group or several, and the state of the run. */
class Federation implements Disposable {
  readonly #arena;
  readonly #groups: ClientGroup[] = [];
  readonly #pacer: Pacer;
  readonly #parallelClients: number;
  #stages: (TransferStage | 0)[] = [];
  #best: { f1: number; round: number } | null = null;
  #done = 0;

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
    const { rounds } = this.config;
    this.#makeGroups();
    this.#loadInitialState();
    yield this.#runEvent();
    let test: ByRole<Metrics> = {};
    for (let round = 0; round < rounds; round++) {
      yield* this.#localTraining(round);
      const communication = yield* this.#communication(round);
      yield communication;
      test = communication.test;
      if (communication.selected) yield* this.#checkpoints("best", round, communication.clients);
      if (round === rounds - 1) yield* this.#checkpoints("final", round, communication.clients);
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

  async *#localTraining(round: number): AsyncGenerator<SimulationEvent, void> {
    const { localEpochs, learningRate, learningRateStep, learningRateGamma } = this.config;
    const decayed = learningRate * learningRateGamma ** Math.floor(round / learningRateStep);
    yield { type: "round", round, learningRate: decayed };
    this.#groups.forEach((group) => group.renewOptimizer(decayed));
    this.#stages = this.config.dataset.clients.map(() => 0);
    for (let epoch = 0; epoch < localEpochs; epoch++) {
      yield* this.#decideStages(round, epoch);
      yield* this.#localEpoch(round, epoch);
    }
  }

  /** DET looks at both models of each client; with a single local epoch there is nothing to decide. */
  async *#decideStages(round: number, epoch: number): AsyncGenerator<SimulationEvent, void> {
    const { alpha1, alpha2, localEpochs } = this.config;
    const decides = this.method.usesStages && localEpochs > 1;
    const outcomes = decides
      ? (yield* this.#pass("evaluate-train", "evaluate", round, epoch)).outcomes
      : null;
    const { personalRole, sharedRole } = this.method;
    const stages = this.#stages.map((previous, client): TransferStage => {
      if (!outcomes) return 4;
      const { [personalRole]: personal, [sharedRole]: deputy } = this.#metrics(outcomes[client]);
      return transferStage(previous, deputy.f1, personal.f1, { alpha1, alpha2 });
    });
    this.#stages = stages;
    this.#groups.forEach((group) => group.setStages(stages));
    yield {
      type: "stage",
      round,
      epoch,
      clients: this.#byClient((client, index) => ({
        client,
        stage: stages[index],
        decision: outcomes && this.#metrics(outcomes[index]),
        batchLosses: outcomes && this.#batchLosses(outcomes[index]),
      })),
    };
  }

  async *#localEpoch(round: number, epoch: number): AsyncGenerator<SimulationEvent, void> {
    const overall = round * this.config.localEpochs + epoch;
    if (this.config.shuffle) this.#groups.forEach((group) => group.shuffle(overall));
    const training = yield* this.#pass("train", "train", round, epoch);
    const train = training.outcomes;
    const { outcomes: test } = yield* this.#pass("test", "test", round, epoch);
    yield* this.#evaluations(round, epoch, training.evaluations, test);
    const clients = this.#byClient((client, index) => ({
      client,
      stage: this.#stages[index] as TransferStage,
      train: this.#metrics(train[index]),
      batchLosses: this.#batchLosses(train[index]),
      test: this.#metrics(test[index]),
    }));
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
    const steps = Math.max(...this.#groups.map((group) => group.trainingSteps));
    for (const [step, outcomes] of [...evaluations].sort(([a], [b]) => a - b)) {
      const clients = this.#byClient((client, index) => ({
        client,
        test: this.#metrics(outcomes[index] ?? end[index]),
      }));
      const mean = this.#mean(clients.map(({ test }) => test));
      yield { type: "evaluation", round, epoch, step, steps, clients, mean };
    }
  }

  async *#communication(round: number) {
    const { rounds, localEpochs, fourierRate: initial } = this.config;
    const rate = fourierRate(round, rounds, initial);
    communicate(this.method, this.#sharedModels(), rate);
    const { outcomes: valid } = yield* this.#pass("valid", "aggregate", round, localEpochs - 1);
    const { outcomes: test } = yield* this.#pass("test", "aggregate", round, localEpochs - 1);
    const clients = this.#byClient((client, index) => ({
      client,
      valid: this.#metrics(valid[index]),
      test: this.#metrics(test[index]),
    }));
    const validMean = this.#mean(clients.map(({ valid }) => valid));
    return {
      type: "aggregation" as const,
      round,
      rate,
      clients,
      valid: validMean,
      test: this.#mean(clients.map(({ test }) => test)),
      selected: this.#select(round, validMean),
    };
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
    const total = this.#totalWork();
    const outcomes: (readonly Outcomes[])[] = [];
    const evaluations = new Map<number, (readonly Outcomes[])[]>();
    for (const group of this.#groups) {
      const pass = group.pass(kind, round * this.config.localEpochs + epoch);
      let state = await pass.next();
      while (!state.done) {
        this.#done += state.value;
        if (await this.#pacer.stepIssued()) {
          yield { type: "progress", round, epoch, phase, done: this.#done, total };
        }
        state = await pass.next();
      }
      await this.#pacer.drain();
      const result = state.value;
      const place = (all: (readonly Outcomes[])[], own: GroupOutcomes) =>
        group.clients.forEach(({ index }, position) => all[index] = own[position]);
      place(outcomes, result.outcomes);
      for (const [step, own] of result.evaluations) {
        place(evaluations.getOrInsert(step, []), own);
      }
    }
    return { outcomes, evaluations };
  }

  /** Work of the whole run, in forward passes of one batch of one client. */
  #totalWork(): number {
    const { rounds, localEpochs } = this.config;
    const work = (kind: PassKind) => this.#groups.reduce((sum, group) => sum + group.work(kind), 0);
    const decisions = this.method.usesStages && localEpochs > 1 ? work("evaluate-train") : 0;
    const epoch = decisions + work("train") + work("test");
    return rounds * (localEpochs * epoch + work("valid") + work("test"));
  }

  #runEvent(): SimulationEvent {
    const { dataset, rounds, localEpochs } = this.config;
    return {
      type: "run",
      roles: this.method.roles,
      clients: dataset.clients.map((client) => {
        const [train, valid, test] = splitNames.map((split) => client[split].labels.length);
        return { name: client.name, train, valid, test };
      }),
      classNames: dataset.classNames,
      rounds,
      localEpochs,
      parameters: this.#groups[0].model.size,
      parallelClients: this.#parallelClients,
    };
  }

  /** The models that take part in the communication, in the dataset's order. */
  #sharedModels(): SharedModel[] {
    return this.config.dataset.clients.map((_, index) =>
      this.#modelOf(index, this.method.sharedRole)
    );
  }

  #modelOf(client: number, role: string): SharedModel {
    const group = this.#groups.find(({ clients }) =>
      clients.some(({ index }) => index === client)
    )!;
    const position = group.clients.findIndex(({ index }) => index === client);
    const index = group.modelIndex(position, this.method.roles.indexOf(role));
    return { model: group.model, index };
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
