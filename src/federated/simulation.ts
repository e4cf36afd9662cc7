// The federated simulation: rounds of local training and communication, told as events.

import type { Metrics } from "../metrics/classification.ts";
import { stateDict } from "../nn/state_dict.ts";
import type { Gpu } from "../tensor/gpu.ts";
import { expectNoMore } from "../tensor/checks.ts";
import type { HostTensor } from "../tensor/host_tensor.ts";
import { fourierRate } from "./aggregate/fourier.ts";
import { parallelClients } from "./capacity.ts";
import { ClientGroups, type PassOutcomes, type PassPlace, Stopped } from "./client_groups.ts";
import { asConfigError, checkConfig, ConfigError, type SimulationConfig } from "./config.ts";
import { divergedAfterRound, divergedInTraining, type Divergence } from "./divergence.ts";
import { type EpochPlace, EventMaker } from "./event_maker.ts";
import type {
  AggregationEvent,
  ByRole,
  CheckpointEvent,
  SimulationEvent,
  StateEvent,
} from "./events.ts";
import { fingerprints } from "./fingerprint.ts";
import type { FederatedMethod, Sharing } from "./methods/method.ts";
import { methodOf } from "./methods/registry.ts";
import { learningRateOf } from "./learning_rate.ts";
import { decidesStages, sharedAsWhole } from "./methods/settings.ts";
import { participantsOf, updateArrives } from "./participation.ts";
import { type BestRound, isBest } from "../metrics/selection.ts";
import { collect, communicate } from "./server.ts";
import { amplitudeSpectra } from "./spectrum.ts";
import {
  configurationOf,
  expectSameConfiguration,
  isAmidRound,
  obstacle,
  type SimulationState,
} from "./state.ts";
import { profiledEpoch, StepProfile } from "./step_profile.ts";
import { type TransferStage, transferStage } from "./transfer_stage.ts";

/**
 * Runs a federation and tells what happens. Within a local epoch nothing is read back from the GPU.
 * The same configuration gives the same events on the same adapter, bit for bit, progress aside.
 *
 * With `resumeFrom` they are the run event and those that come after the state; with `stop` they may end early.
 *
 * @throws {ConfigError} for a setting that does not work or a state of another run, before the first event
 * @throws {DivergenceError} if a loss or a weight is no longer finite, unless the configuration says to go on
 * @throws {GpuError} if the device fails, or at once where it cannot make the profile that is asked for
 */
export async function* simulate(
  gpu: Gpu,
  config: SimulationConfig,
): AsyncGenerator<SimulationEvent, void> {
  expectNoMore("simulate", arguments, 2);
  checkConfig(config);
  const { resumeFrom } = config;
  const reason = resumeFrom && obstacle(resumeFrom, config);
  if (reason !== null) throw new ConfigError(`Cannot resume: the state ${reason}`);
  if (config.profile) gpu.expectTimestamps();
  using federation = new Federation(gpu, config, methodOf(config.method));
  yield* federation.run();
}

/** What is over of a round. */
type RoundPart = Pick<SimulationState, "epoch" | "amid" | "communicated">;

const roundStart: RoundPart = { epoch: 0, amid: null, communicated: false };

/** The course of a run and its state; the clients' models and images are in groups. */
class Federation implements Disposable {
  readonly #groups: ClientGroups;
  readonly #events: EventMaker;
  readonly #parallelClients: number;
  /** in this round */
  #learningRate = 0;
  /** clients that train in this round; those whose numbers went bad are none any more */
  #participants: readonly number[] = [];
  /** by client; 0 where none is decided */
  #stages: readonly (TransferStage | 0)[] = [];
  /** clients that are none any more in this round */
  #skipped: readonly number[] = [];
  /** how many they were when the local epoch under way began */
  #skippedBefore = 0;
  #best: BestRound | null = null;
  /** what states have to agree with */
  readonly #configuration: Readonly<Record<string, string>>;
  readonly #fingerprint: string;

  constructor(
    private readonly gpu: Gpu,
    private readonly config: SimulationConfig,
    private readonly method: FederatedMethod,
  ) {
    this.#parallelClients = asConfigError(
      "The network does not work",
      () => parallelClients(gpu, config, method),
    );
    this.#groups = new ClientGroups(gpu, config, method, this.#parallelClients);
    this.#events = new EventMaker(config, method);
    const ofData = fingerprints(config.dataset);
    this.#fingerprint = ofData.whole;
    this.#configuration = configurationOf(config, ofData);
  }

  /** To the end, or where the run is told to stop. */
  async *run(): AsyncGenerator<SimulationEvent, void> {
    try {
      yield* this.#course();
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      const state = this.config.stateEvery && await this.#stateWhereStopped(error.place);
      if (state) yield state;
    }
  }

  async *#course(): AsyncGenerator<SimulationEvent, void> {
    const { rounds, resumeFrom, stateEvery } = this.config;
    const run = this.#runEvent();
    if (resumeFrom) this.#resume(resumeFrom);
    else this.#loadInitialState();
    const start = resumeFrom ?? { round: 0, ...roundStart };
    this.#groups.beginAt(start.round, start.epoch, start.amid !== null);
    await this.gpu.finish(); // memory that does not suffice shows before anything is told
    yield run;
    if (stateEvery && !resumeFrom) yield await this.#state(0);
    let test: ByRole<Metrics> = {};
    for (let { round } = start; round < rounds; round++) {
      const over = round === start.round ? start : roundStart;
      if (over.epoch === 0 && over.amid === null) yield this.#beginRound(round);
      yield* this.#localTraining(round, over);
      const communication = yield* this.#communication(round, over.communicated);
      yield communication;
      test = communication.test;
      if (communication.selected) yield* this.#checkpoints("best", communication);
      if (round === rounds - 1) yield* this.#checkpoints("final", communication);
      else if (stateEvery) yield await this.#state(round + 1);
    }
    yield { type: "done", rounds, bestRound: this.#best?.round ?? null, test };
  }

  [Symbol.dispose](): void {
    this.#groups[Symbol.dispose]();
  }

  #runEvent(): SimulationEvent {
    return this.#events.run({
      stepsPerEpoch: this.#groups.trainingSteps,
      parameters: this.#groups.modelSize,
      parallelClients: this.#parallelClients,
      fingerprint: this.#fingerprint,
    });
  }

  #loadInitialState(): void {
    const { initialState } = this.config;
    if (!initialState) return;
    for (const [name, tensor] of initialState) {
      if (!isFinite(tensor)) {
        throw new ConfigError(
          `Cannot simulate: "${name}" of the initial state holds numbers that are not finite`,
        );
      }
    }
    asConfigError(
      "The initial state does not fit the network",
      () => this.#groups.load(initialState),
    );
  }

  /** Takes up a run where its state was told. */
  #resume(state: SimulationState): void {
    expectSameConfiguration(state, this.config, this.#configuration);
    const { round, epoch, amid, best, stages, skipped, tensors } = state;
    if (epoch > 0 || amid) {
      this.#beginRound(round); // as it was then; what has changed since comes from the state
      if (skipped.length > 0) this.#leaveOut(skipped);
    }
    this.#best = best;
    this.#setStages(stages);
    const overall = round * this.config.localEpochs + epoch;
    if (amid || overall > 0) this.#groups.beginEpoch(amid ? overall : overall - 1);
    asConfigError("The state does not fit the network", () => {
      this.#groups.restore(tensors, isAmidRound(state, this.config));
      if (amid) this.#groups.resumeEpoch(amid.steps, tensors);
    });
  }

  /** @param over in this round, if it is not about to begin */
  async #state(round: number, over: Partial<RoundPart> = {}): Promise<StateEvent> {
    const { epoch, amid, communicated } = { ...roundStart, ...over };
    const amidRound = isAmidRound({ epoch, amid }, this.config);
    const state = {
      ...{ round, epoch, communicated, amid },
      best: this.#best,
      stages: this.#stages,
      skipped: epoch > 0 || amid ? this.#skipped : [],
      configuration: this.#configuration,
      tensors: await this.#groups.state(amidRound, amid !== null),
    };
    return { type: "state", state };
  }

  /** Where a pass was stopped; null where the state told last has all that can be gone on from. */
  async #stateWhereStopped({ phase, round, epoch }: PassPlace): Promise<StateEvent | null> {
    const { localEpochs, stateEvery } = this.config;
    if (phase === "aggregate") {
      return await this.#state(round, { epoch: localEpochs, communicated: true });
    }
    if (phase === "evaluate") { // it decides about the epoch, which has not begun
      return epoch === 0 || stateEvery === "epoch" ? null : await this.#state(round, { epoch });
    }
    // Rare enough: what is stored of the epoch is of clients that are no longer what they were in it.
    if (this.#skipped.length > this.#skippedBefore) return null;
    const amid = { parallelClients: this.#parallelClients, steps: this.#groups.stepsTaken };
    const event = await this.#state(round, { epoch, amid });
    // Losses and weights are looked at when the epoch is over; what has gone bad shows again from the state before.
    return event.state.tensors.values().every(isFinite) ? event : null;
  }

  #beginRound(round: number): SimulationEvent {
    this.#learningRate = learningRateOf(this.config, round);
    this.#skipped = [];
    this.#participants = participantsOf(this.config, round);
    this.#groups.beginRound(this.#learningRate, this.#participants);
    this.#stages = this.config.dataset.clients.map(() => 0);
    const participants = this.#events.namesOf(this.#participants);
    return { type: "round", round, learningRate: this.#learningRate, participants };
  }

  /** @param over what is over of it */
  async *#localTraining(round: number, over: RoundPart): AsyncGenerator<SimulationEvent, void> {
    for (let { epoch } = over; epoch < this.config.localEpochs; epoch++) {
      const isUnderWay = over.amid !== null && epoch === over.epoch;
      if (!isUnderWay) {
        if (this.#transfers) yield* this.#decideStages(round, epoch);
        this.#groups.beginEpoch(round * this.config.localEpochs + epoch);
      }
      yield* this.#localEpoch(round, epoch);
      this.#groups.beginAt(round, epoch + 1); // clients that were left out had less to do
      if (this.config.stateEvery === "epoch") {
        yield await this.#state(round, { epoch: epoch + 1 });
      }
    }
  }

  #setStages(stages: readonly (TransferStage | 0)[]): void {
    this.#stages = stages;
    this.#groups.setStages(stages);
  }

  get #transfers(): boolean {
    return (this.method.transfer ?? "none") !== "none";
  }

  /** Decides the stages of one local epoch: DET looks at both models of each client. */
  async *#decideStages(round: number, epoch: number): AsyncGenerator<SimulationEvent, void> {
    const { alpha1, alpha2, localEpochs } = this.config;
    const { personalRole, sharing } = this.method;
    const decision = decidesStages(this.method, localEpochs)
      ? yield* this.#groups.pass("evaluate-train", { phase: "evaluate", round, epoch })
      : null;
    if (decision) yield* this.#expectFinite({ round, epoch }, decision.divergences);
    const outcomes = decision?.outcomes ?? null;
    const stages = this.#stages.map((previous, index) => {
      if (!this.#participants.includes(index)) return 0;
      const own = outcomes?.[index];
      if (!own) return 4;
      const metrics = this.#events.metrics(own);
      const [deputy, personal] = [metrics[sharing!.role].f1, metrics[personalRole].f1];
      return transferStage(previous, deputy, personal, { alpha1, alpha2 });
    });
    this.#setStages(stages);
    yield this.#events.stage({ round, epoch }, this.#participants, stages, outcomes);
  }

  async *#localEpoch(round: number, epoch: number): AsyncGenerator<SimulationEvent, void> {
    const overall = round * this.config.localEpochs + epoch;
    const place = { round, epoch };
    const steps = this.#groups.trainingSteps;
    const { stepsToCome } = this.#groups;
    const isProfiled = this.config.profile && overall === profiledEpoch(this.config) &&
      stepsToCome > 0;
    const profile = isProfiled ? new StepProfile(this.gpu, stepsToCome) : null;
    this.#skippedBefore = this.#skipped.length;
    const training = yield* this.#groups.pass("train", { phase: "train", ...place }, profile);
    if (profile) yield await profile.event(round, epoch);
    yield* this.#expectFinite(place, training.divergences);
    const test = yield* this.#test(place);
    yield* this.#events.evaluations(place, steps, training.evaluations, test);
    yield this.#events.epoch(place, this.#stages, training.outcomes, test);
  }

  /** At the end of a local epoch; again if that leads to clients being put back. */
  async *#test(place: EpochPlace): AsyncGenerator<SimulationEvent, PassOutcomes> {
    while (true) {
      const pass = yield* this.#groups.pass("test", { phase: "test", ...place });
      if (pass.divergences.length === 0) return pass.outcomes;
      const atEnd = pass.divergences.map((divergence) => ({
        ...divergence,
        step: divergence.steps,
      }));
      yield* this.#expectFinite(place, atEnd);
    }
  }

  /**
   * Leaves out the clients whose numbers have gone bad, if that is what the configuration says.
   *
   * @throws {DivergenceError} if it does not, or if nobody is left
   */
  *#expectFinite(
    place: EpochPlace,
    divergences: readonly Divergence[],
  ): Generator<SimulationEvent, void> {
    if (divergences.length === 0) return;
    const [first] = divergences;
    const clients = divergences.map(({ client }) => client);
    const error = (advice: string) =>
      divergedInTraining(first, place, this.#circumstances(first), advice);
    if (this.config.onNan === "stop") {
      throw error("make it smaller, or skip such clients (on-nan skip-client)");
    }
    if (!clients.every((client) => this.#participants.includes(client))) {
      throw error("its models were so before the round began, so that there is no way back");
    }
    for (const divergence of divergences) yield this.#events.divergence(place, divergence);
    this.#leaveOut(clients);
    if (this.#participants.length === 0) {
      throw error("all clients of the round have diverged, so that nobody is left to go on with");
    }
  }

  /** Clients are put back to where the round began, and sit out the rest of it. */
  #leaveOut(clients: readonly number[]): void {
    this.#skipped = [...this.#skipped, ...clients];
    this.#participants = this.#participants.filter((client) => !clients.includes(client));
    this.#stages = this.#stages.map((stage, client) => clients.includes(client) ? 0 : stage);
    this.#groups.skip(clients);
  }

  /** @param isOver all but its evaluations */
  async *#communication(
    round: number,
    isOver: boolean,
  ): AsyncGenerator<SimulationEvent, AggregationEvent> {
    const { rounds, localEpochs, fourierRate: initial } = this.config;
    const rate = fourierRate(round, rounds, initial);
    const { sharing } = this.method;
    const senders = sharing
      ? this.#participants.filter((client) => updateArrives(this.config, round, client))
      : [];
    if (sharing && !isOver) {
      yield* this.#share(round, sharing, senders, rate);
      this.#expectFiniteAfter(round, await this.#groups.notFinite());
    }
    const place = { phase: "aggregate", round, epoch: localEpochs - 1 } as const;
    const { outcomes: valid, divergences } = yield* this.#groups.pass("valid", place);
    const { outcomes: test, divergences: more } = yield* this.#groups.pass("test", place);
    this.#expectFiniteAfter(round, [...divergences, ...more]);
    if (round === rounds - 1) yield this.#events.predictions(round, test);
    const event = this.#events.aggregation({ round, rate, senders }, valid, test);
    return { ...event, selected: this.#select(round, event.valid) };
  }

  /** @throws {DivergenceError} if a communication has made something that is not finite of what was */
  #expectFiniteAfter(round: number, divergences: readonly Divergence[]): void {
    if (divergences.length === 0) return;
    const [first] = divergences;
    throw divergedAfterRound(first, round, this.#circumstances(first));
  }

  #circumstances({ client }: Divergence) {
    const { config, method } = this;
    const [name] = this.#events.namesOf([client]);
    return { name, config, method, learningRate: this.#learningRate };
  }

  /** Communicates, and the last time shows what that does to the spectra of a layer. */
  async *#share(
    round: number,
    sharing: Sharing,
    senders: readonly number[],
    rate: number,
  ): AsyncGenerator<SimulationEvent, void> {
    const models = this.#groups.sharedModels(sharing.role, senders);
    if (round < this.config.rounds - 1) return communicate(sharing, models, rate);
    const [, layer] = models[0].model.module.parameters.filter(({ kind }) => kind === "conv");
    const measure = async () => {
      using weights = collect(models, layer);
      return await amplitudeSpectra(weights);
    };
    const before = await measure();
    communicate(sharing, models, rate);
    const after = await measure();
    yield this.#events.spectra({ round, rate, layer: layer.name }, before, after);
  }

  /** Keeps the round if it is the best so far. */
  #select(round: number, valid: ByRole<Metrics>): boolean {
    const candidate = { f1: valid[this.method.personalRole].f1, round };
    if (!isBest(candidate, this.#best, this.config.rounds)) return false;
    this.#best = candidate;
    return true;
  }

  async *#checkpoints(
    reason: CheckpointEvent["reason"],
    { round, clients, receivers }: AggregationEvent,
  ): AsyncGenerator<SimulationEvent, void> {
    const serverRole = receivers.length === 0 ? null : sharedAsWhole(this.method);
    for (const [index, { name: client }] of this.config.dataset.clients.entries()) {
      for (const role of this.method.roles) {
        const { model, index: position } = this.#groups.modelOf(index, role);
        const tensors = await stateDict(model, position);
        const test = clients[index].test[role];
        const isServerModel = index === 0 && role === serverRole;
        yield { type: "checkpoint", reason, round, client, role, test, tensors, isServerModel };
      }
    }
  }
}

/** Whether a tensor holds no NaN and no infinity. */
function isFinite({ data }: HostTensor): boolean {
  return !(data instanceof Float32Array) || data.every(Number.isFinite);
}
