// The events of a simulation, made from what its passes measured.

import { type Split, splitNames } from "../data/dataset.ts";
import { type MeanMetrics, meanMetrics, type Metrics } from "../metrics/classification.ts";
import type { Outcomes } from "./clients/outcomes.ts";
import type { EpochPlace, PassOutcomes, StackPass } from "./clients/stack.ts";
import type { SimulationConfig } from "./config.ts";
import type {
  AggregationEvent,
  ByRole,
  DivergenceEvent,
  EpochEvent,
  EvaluationEvent,
  PredictionsEvent,
  RunEvent,
  SpectraEvent,
  StageEvent,
} from "./events.ts";
import type { FederatedMethod } from "./methods/method.ts";
import { sharesOf } from "./methods/shares.ts";
import type { TransferStage } from "./methods/transfer_stage.ts";
import type { Divergence } from "./recovery/divergence.ts";
import type { SpectraAround } from "./spectra_probe.ts";

/** Puts names to clients and roles, which passes know by number. */
export class EventMaker {
  constructor(
    private readonly config: SimulationConfig,
    private readonly method: FederatedMethod,
  ) {}

  run(
    facts: Pick<RunEvent, "stepsPerEpoch" | "parameters" | "parallelClients" | "fingerprint">,
  ): RunEvent {
    const { dataset, rounds, localEpochs } = this.config;
    const { title } = this.method;
    return {
      type: "run",
      ...(title === undefined ? {} : { title }),
      roles: this.method.roles,
      personalRole: this.method.personalRole,
      sharedRole: this.method.sharing?.role ?? null,
      shares: sharesOf(this.method.sharing),
      clients: dataset.clients.map((client) => {
        const [train, valid, test] = splitNames.map((split) => client[split].labels.length);
        return { name: client.name, train, valid, test };
      }),
      classNames: dataset.classNames,
      rounds,
      localEpochs,
      ...facts,
    };
  }

  /** @param outcomes of the evaluation that decided; null where there was none */
  stage(
    { round, epoch }: EpochPlace,
    participants: readonly number[],
    stages: readonly (TransferStage | 0)[],
    outcomes: PassOutcomes | null,
  ): StageEvent {
    const clients = participants.map((index) => {
      const own = outcomes?.[index];
      return {
        client: this.config.dataset.clients[index].name,
        stage: stages[index] as TransferStage, // decided for every participant
        decision: own ? this.metrics(own) : null,
        batchLosses: own ? this.#batchLosses(own) : null,
      };
    });
    return { type: "stage", round, epoch, clients };
  }

  divergence({ round, epoch }: EpochPlace, divergence: Divergence): DivergenceEvent {
    const { client, role, step, steps, cause } = divergence;
    const [name] = this.namesOf([client]);
    return { type: "divergence", round, epoch, client: name, role, step, steps, cause };
  }

  epoch(
    { round, epoch }: EpochPlace,
    stages: readonly (TransferStage | 0)[],
    training: PassOutcomes,
    test: PassOutcomes,
  ): EpochEvent {
    const clients = this.#byClient((client, index) => {
      const own = training[index];
      return {
        client,
        stage: stages[index] || null,
        train: own && this.metrics(own),
        batchLosses: own && this.#batchLosses(own),
        test: this.metrics(test[index]!),
      };
    });
    const mean = this.#mean(clients.map(({ test }) => test));
    return { type: "epoch", round, epoch, clients, mean };
  }

  /**
   * What was measured within an epoch of so many steps. A client that has finished it stays at its end, and one whose
   * numbers have gone bad is already where it was put back to.
   */
  *evaluations(
    { round, epoch }: EpochPlace,
    steps: number,
    evaluations: StackPass["evaluations"],
    end: PassOutcomes,
  ): Generator<EvaluationEvent> {
    for (const [step, outcomes] of [...evaluations].sort(([a], [b]) => a - b)) {
      const clients = this.#byClient((client, index) => ({
        client,
        test: this.metrics((outcomes[index] ?? end[index])!),
      }));
      const mean = this.#mean(clients.map(({ test }) => test));
      yield { type: "evaluation", round, epoch, step, steps, clients, mean };
    }
  }

  /** All but whether the round is the best so far. */
  aggregation(
    { round, rate, senders, receivers }: {
      readonly round: number;
      readonly rate: number | null;
      readonly senders: readonly number[];
      readonly receivers: readonly number[];
    },
    valid: PassOutcomes,
    test: PassOutcomes,
  ): Omit<AggregationEvent, "selected"> {
    const clients = this.#byClient((client, index) => ({
      client,
      valid: this.metrics(valid[index]!),
      test: this.metrics(test[index]!),
    }));
    return {
      type: "aggregation",
      round,
      rate,
      senders: this.namesOf(senders),
      receivers: this.namesOf(receivers),
      clients,
      valid: this.#mean(clients.map(({ valid }) => valid)),
      test: this.#mean(clients.map(({ test }) => test)),
    };
  }

  spectra(
    { round, rate }: { readonly round: number; readonly rate: number | null },
    { layer, before, after }: SpectraAround,
  ): SpectraEvent {
    return {
      type: "spectra",
      round,
      rate,
      layer,
      clients: this.#byClient((client, index) => ({
        client,
        before: before[index],
        after: after[index],
      })),
    };
  }

  /** Told of the last local epoch alone. */
  *predictions(
    { round, epoch }: EpochPlace,
    view: PredictionsEvent["view"],
    test: PassOutcomes,
  ): Generator<PredictionsEvent> {
    const { dataset: { clients: data, classNames }, rounds, localEpochs } = this.config;
    if (round < rounds - 1 || epoch < localEpochs - 1) return;
    const clients = this.#byClient((client, index) => ({
      client,
      labels: data[index].test.labels,
      ...groupNumbers(data[index].test),
      probabilities: this.#byRole((_, role) => test[index]![role].probabilities),
    }));
    yield { type: "predictions", round, view, clients, classNames };
  }

  /** A client's macro F1 in percent, by role. */
  f1(outcomes: readonly Outcomes[]): ByRole<number> {
    return this.#byRole((_, role) => outcomes[role].metrics.f1);
  }

  /** A client's metrics, by role. */
  metrics(outcomes: readonly Outcomes[]): ByRole<Metrics> {
    return this.#byRole((_, role) => outcomes[role].metrics);
  }

  namesOf(clients: readonly number[]): string[] {
    return clients.map((index) => this.config.dataset.clients[index].name);
  }

  #batchLosses(outcomes: readonly Outcomes[]): ByRole<readonly number[]> {
    return this.#byRole((_, role) => outcomes[role].batchLosses);
  }

  #mean(clients: readonly ByRole<Metrics>[]): ByRole<MeanMetrics> {
    return this.#byRole((role) => meanMetrics(clients.map((metrics) => metrics[role])));
  }

  #byClient<T>(make: (name: string, index: number) => T): T[] {
    return this.config.dataset.clients.map(({ name }, index) => make(name, index));
  }

  #byRole<T>(make: (role: string, index: number) => T): ByRole<T> {
    return Object.fromEntries(this.method.roles.map((role, index) => [role, make(role, index)]));
  }
}

/** Numbers in place of names, which stay here; an image of which nothing is known has one of its own. */
function groupNumbers({ groups }: Split): { groups?: Int32Array } {
  if (groups === undefined) return {};
  const numbers = new Map<string, number>();
  let next = 0;
  const numberOf = (group: string | null) => {
    if (group === null) return next++;
    const known = numbers.get(group) ?? next++;
    numbers.set(group, known);
    return known;
  };
  return { groups: Int32Array.from(groups, numberOf) };
}
