// The federated simulation, Algorithm 1 of the paper: rounds of local training and communication, told as events.

import type { Metrics } from "../metrics/classification.ts";
import { RoundChoice } from "../metrics/selection.ts";
import { expectNoMore } from "../tensor/checks.ts";
import type { Gpu } from "../tensor/gpu.ts";
import { parallelClients } from "./clients/capacity.ts";
import { Round } from "./clients/round.ts";
import { type Setup, setupOf } from "./clients/setup.ts";
import {
  ClientStack,
  type EpochPlace,
  type EvaluationKind,
  type PassOutcomes,
  type StackPass,
  Stopped,
  type WorkDone,
} from "./clients/stack.ts";
import { checkpoints } from "./checkpoint_events.ts";
import { checkConfig } from "./check_config.ts";
import { Communication } from "./communication.ts";
import type { SimulationConfig } from "./config.ts";
import { checkControl, type RunControl } from "./control.ts";
import { EventMaker } from "./event_maker.ts";
import type { AggregationEvent, ByRole, ProgressEvent, SimulationEvent } from "./events.ts";
import { fingerprints } from "./fingerprint.ts";
import { Guard } from "./guard.ts";
import { profilerOf } from "./profiler.ts";
import { type Position, roundsFrom } from "./recovery/position.ts";
import type { SimulationState } from "./recovery/state.ts";
import { ServerMemory } from "./server/server_memory.ts";
import { SpectraProbe } from "./spectra_probe.ts";
import { expectResumable, States, type WherePassing } from "./states.ts";
import { Owned } from "../owned.ts";

/**
 * Runs a federation and tells what happens. Within a local epoch nothing is read back from the GPU.
 * The same configuration gives the same events on the same adapter, bit for bit, progress aside.
 *
 * @param control where it begins, when it ends and what it tells besides: with `resumeFrom` the events are the run event
 *   and those that come after the state; with `stop` they may end early
 * @throws {ConfigError} for a setting that does not work or a state of another run, before the first event
 * @throws {DivergenceError} if a loss or a weight is no longer finite, unless the configuration says to go on
 * @throws {GpuError} if the device fails, or at once where it cannot make the profile that is asked for
 */
export async function* simulate(
  gpu: Gpu,
  config: SimulationConfig,
  control: RunControl = {},
): AsyncGenerator<SimulationEvent, void> {
  expectNoMore("simulate", arguments, 3);
  checkConfig(config);
  checkControl(control);
  expectResumable(control.resumeFrom ?? null, config);
  if (control.profile) gpu.expectTimestamps();
  using federation = new Federation(setupOf(gpu, config), control);
  yield* federation.run();
}

/** One run. */
class Federation implements Disposable {
  readonly #config: SimulationConfig;
  readonly #stack: ClientStack;
  readonly #server: ServerMemory | null;
  readonly #communication: Communication;
  readonly #events: EventMaker;
  readonly #guard: Guard;
  readonly #states: States;
  readonly #start: Position;
  readonly #best: RoundChoice;
  readonly #probe: SpectraProbe;
  readonly #owned: Owned;
  /** the data set in a few letters */
  readonly #fingerprint: string;
  /** the one under way */
  #round: Round;
  /** what is going on */
  #place: WherePassing;
  #skippedBeforeEpoch = 0;

  constructor(private readonly setup: Setup, private readonly control: RunControl) {
    const { config, method, settings } = setup;
    const { resumeFrom, stop } = control;
    using owned = new Owned();
    this.#config = config;
    this.#start = resumeFrom?.position ?? { at: "round", round: 0 };
    const before = this.#start.at === "step" ? this.#start.parallelClients : null;
    this.#stack = owned.use(new ClientStack(setup, parallelClients(setup, before), stop ?? null));
    const { sharing } = method;
    this.#server = sharing?.server
      ? owned.use(
        new ServerMemory(sharing.server, settings, this.#stack.modelsOf(sharing.role)[0].model),
      )
      : null;
    this.#communication = new Communication(setup, control, this.#stack, this.#server);
    this.#events = new EventMaker(config, method);
    this.#guard = new Guard(setup, this.#stack, this.#events);
    const data = fingerprints(config.dataset);
    this.#fingerprint = data.whole;
    const { parameters } = this.#stack.modelsOf(method.roles[0])[0].model.module;
    this.#probe = new SpectraProbe(parameters, control, config.rounds);
    const memory = { stack: this.#stack, server: this.#server };
    this.#states = new States(setup.gpu, config, control, memory, data);
    this.#best = new RoundChoice(config.rounds, resumeFrom?.best ?? null);
    this.#round = new Round(config, this.#start.round);
    this.#place = { phase: "train", round: this.#start.round, epoch: 0 };
    this.#owned = owned.move();
  }

  /** To the end, or where the run is told to stop. */
  async *run(): AsyncGenerator<SimulationEvent, void> {
    try {
      yield* this.#algorithm();
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      const hasSkipped = this.#round.skipped.length > this.#skippedBeforeEpoch;
      const state = await this.#states.whereStopped(
        this.#place,
        this.#round,
        this.#best.best,
        hasSkipped,
      );
      if (state) yield state;
    }
  }

  async *#algorithm(): AsyncGenerator<SimulationEvent, void> {
    const { rounds } = this.#config;
    yield* this.#begin();
    let test: ByRole<Metrics> = {};
    for (const { round, isNew, epochs, hasCommunicated } of roundsFrom(this.#start, this.#config)) {
      if (isNew) yield this.#beginRound(round);
      for (const { epoch, isNew } of epochs) {
        if (isNew) yield* this.#beginEpoch({ round, epoch });
        yield* this.#localEpoch({ round, epoch });
        if (this.#states.isTold("epoch")) {
          yield await this.#state({ at: "epoch", round, epoch: epoch + 1 });
        }
      }
      if (!hasCommunicated) yield* this.#communicate(round);
      const result = yield* this.#evaluate(round);
      yield result;
      test = result.test;
      if (result.selected) yield* checkpoints("best", result, this.setup, this.#stack);
      if (round === rounds - 1) yield* checkpoints("final", result, this.setup, this.#stack);
      else if (this.#states.isTold("round")) {
        yield await this.#state({ at: "round", round: round + 1 });
      }
    }
    yield { type: "done", rounds, bestRound: this.#best.best?.round ?? null, test };
  }

  /** The models as they are at first, or where a run was stopped. */
  async *#begin(): AsyncGenerator<SimulationEvent, void> {
    const { resumeFrom, stateEvery } = this.control;
    const run = this.#events.run({
      stepsPerEpoch: this.#stack.trainingSteps,
      parameters: this.#stack.modelSize,
      parallelClients: this.#stack.parallelClients,
      fingerprint: this.#fingerprint,
    });
    if (resumeFrom) this.#resume(resumeFrom);
    else this.#states.begin();
    this.#stack.countFrom(this.#start);
    await this.setup.gpu.finish(); // memory that does not suffice shows before anything is told
    yield run;
    if (stateEvery && !resumeFrom) yield await this.#states.event(this.#start, null, null);
  }

  #resume(state: SimulationState): void {
    this.#states.expectFitting(state);
    const { position, skipped, stages } = state;
    if (position.at !== "round") {
      this.#beginRound(position.round); // as it was then; what has changed since comes from the state
      this.#round.leaveOut(skipped);
      this.#stack.skip(skipped);
    }
    if (stages.length > 0) this.#round.stages = stages;
    this.#states.restore(state);
  }

  /** Draws who takes part. */
  #beginRound(number: number): SimulationEvent {
    this.#round = new Round(this.#config, number);
    const { learningRate, participants } = this.#round;
    this.#stack.beginRound(learningRate, participants);
    const names = this.#events.namesOf(participants);
    return { type: "round", round: number, learningRate, participants: names };
  }

  /** DET decides here whether deputies recover, exchange or sublimate (section 2.2). */
  async *#beginEpoch(place: EpochPlace): AsyncGenerator<SimulationEvent, void> {
    const { method: { beforeEpoch }, settings } = this.setup;
    if (beforeEpoch) {
      let outcomes: PassOutcomes | null = null;
      if (beforeEpoch.evaluates(this.#config.localEpochs)) {
        const pass = yield* this.#pass("evaluate", place, "evaluate-train");
        yield* this.#guard.afterPass(place, pass.divergences, this.#round);
        outcomes = pass.outcomes;
      }
      const { participants } = this.#round;
      this.#round.stages = this.#round.stages.map((previous, client) => {
        if (!participants.includes(client)) return 0;
        const own = outcomes?.[client];
        return beforeEpoch.decide(previous, own ? this.#events.f1(own) : null, settings);
      });
      this.#stack.setStages(this.#round.stages);
      yield this.#events.stage(place, participants, this.#round.stages, outcomes);
    }
    this.#stack.beginEpoch(place);
  }

  /** All participants train on their own images; all clients are evaluated just before the communication. */
  async *#localEpoch(place: EpochPlace): AsyncGenerator<SimulationEvent, void> {
    this.#skippedBeforeEpoch = this.#round.skipped.length;
    const { trainingSteps } = this.#stack;
    const profiler = profilerOf(place, this.setup, this.control, this.#stack.stepsToCome);
    const training = yield* this.#told("train", place, this.#stack.train(place, profiler?.replay));
    if (profiler) yield await profiler.event(place);
    yield* this.#guard.afterPass(place, training.divergences, this.#round);
    const test = yield* this.#guard.evaluated(
      place,
      this.#round,
      () => this.#pass("test", place, "test"),
    );
    yield* this.#events.evaluations(place, trainingSteps, training.evaluations, test.outcomes);
    if (this.setup.method.sharing) yield* this.#events.predictions(place, "before", test.outcomes);
    yield this.#events.epoch(place, this.#round.stages, training.outcomes, test.outcomes);
    this.#stack.endEpoch(place);
  }

  /** What arrives at the server is aggregated, and goes back to the clients. */
  async *#communicate(round: number): AsyncGenerator<SimulationEvent, void> {
    const { sharing } = this.setup.method;
    if (!sharing) return;
    this.#place = { phase: "communicate", round, epoch: this.#config.localEpochs - 1 };
    const models = this.#communication.models(sharing, this.#round.senders);
    const rate = this.#rate(round);
    const share = () => this.#communication.run(sharing, models, this.#round, rate);
    const layers = await this.#probe.around(round, models, share);
    for (const spectra of layers) yield this.#events.spectra({ round, rate }, spectra);
    this.#guard.afterCommunication(this.#round, await this.#stack.notFinite());
    await this.#server?.expectFinite(round);
  }

  /** All clients are evaluated just after the communication; the best round is chosen by what they have then. */
  async *#evaluate(round: number): AsyncGenerator<SimulationEvent, AggregationEvent> {
    const { sharing, personalRole } = this.setup.method;
    const place = { round, epoch: this.#config.localEpochs - 1 };
    const valid = yield* this.#pass("aggregate", place, "valid");
    const test = yield* this.#pass("aggregate", place, "test");
    this.#guard.afterCommunication(this.#round, [...valid.divergences, ...test.divergences]);
    yield* this.#events.predictions(place, "after", test.outcomes);
    const senders = sharing ? this.#round.senders : [];
    const receivers = this.#communication.receivers(this.#round);
    const facts = { round, rate: this.#rate(round), senders, receivers };
    const event = this.#events.aggregation(facts, valid.outcomes, test.outcomes);
    const selected = this.#best.improves({ f1: event.valid[personalRole].f1, round });
    return { ...event, selected };
  }

  /** PFA's share of low frequencies; null in methods that have none. */
  #rate(round: number): number | null {
    const { method: { sharing }, settings } = this.setup;
    return sharing?.rate?.(round, this.#config.rounds, settings) ?? null;
  }

  async #state(position: Position): Promise<SimulationEvent> {
    return await this.#states.event(position, this.#round, this.#best.best);
  }

  /** An evaluation, with its progress. */
  #pass(
    phase: ProgressEvent["phase"],
    place: EpochPlace,
    kind: EvaluationKind,
  ): AsyncGenerator<SimulationEvent, StackPass> {
    return this.#told(phase, place, this.#stack.evaluate(kind, place));
  }

  /** Tells the progress of a pass. */
  async *#told(
    phase: ProgressEvent["phase"],
    { round, epoch }: EpochPlace,
    pass: AsyncGenerator<WorkDone, StackPass>,
  ): AsyncGenerator<SimulationEvent, StackPass> {
    const place = { phase, round, epoch };
    this.#place = place;
    for (let next = await pass.next();; next = await pass.next()) {
      if (next.done) return next.value;
      yield { type: "progress", ...place, ...next.value };
    }
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
