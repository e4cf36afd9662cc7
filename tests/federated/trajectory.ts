// What PyTorch logged of a federated run, and the comparison of our run of the same with it.

import type { Dataset, Split } from "../../src/data/dataset.ts";
import type { SimulationConfig } from "../../src/federated/config.ts";
import type { ByRole, SimulationEvent } from "../../src/federated/events.ts";
import { methodOf } from "../../src/federated/methods/registry.ts";
import { simulate } from "../../src/federated/simulation.ts";
import type { SimulationState } from "../../src/federated/recovery/state.ts";
import type { Metrics } from "../../src/metrics/classification.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import { assert, assertEquals } from "../assert.ts";
import { gpu } from "../gpu.ts";
import { fingerprintDifferences, type Fingerprints } from "./weight_fingerprints.ts";

/** Metrics as the reference names them, percent; what a run has not logged is missing. */
export interface ReferenceMetrics {
  loss: number;
  acc?: number;
  f1?: number;
  auc?: number;
}

/** One epoch of a client. */
export interface ExpectedClient {
  /** null where DET decides nothing */
  readonly decision: {
    readonly stage: number;
    readonly metrics: ByRole<ReferenceMetrics>;
    readonly batchLosses: ByRole<number[]>;
  } | null;
  /** cross-entropy of every batch */
  readonly batchLosses: ByRole<number[]>;
  readonly test: ByRole<ReferenceMetrics>;
}

/** What PyTorch logged of a round. Lists are by client; means over clients and weights may be missing. */
export interface ExpectedRound {
  readonly lr: number;
  readonly rate: number | null;
  readonly epochs: readonly {
    readonly clients: readonly ExpectedClient[];
    readonly testMean?: ByRole<ReferenceMetrics>;
  }[];
  /** after the aggregation, as all below */
  readonly valid: readonly ByRole<ReferenceMetrics>[];
  readonly test: readonly ByRole<ReferenceMetrics>[];
  readonly validMean?: ByRole<ReferenceMetrics>;
  readonly testMean?: ByRole<ReferenceMetrics>;
  readonly aggregated: readonly ByRole<Fingerprints>[];
  /** before the aggregation; tensors that are not among `aggregated` have to stay as they are */
  readonly local?: readonly ByRole<Fingerprints>[];
}

/** What correct computations may differ by in a round. */
export interface Tolerances {
  loss(round: number): number;
  /** at most half of a round's losses may be further off; without it, as many as there are */
  mostLosses?(round: number): number;
  /** percent */
  metric(round: number, name: "acc" | "f1" | "auc"): number;
  /** as a share of the root mean square of a tensor */
  weights(round: number, moment: "local" | "aggregated"): number;
}

/** Replays a run and compares; the first numbers outside the tolerances, with their places. */
export async function differencesFrom(
  expected: readonly ExpectedRound[],
  tolerances: Tolerances,
  config: SimulationConfig,
): Promise<string[]> {
  const replay = simulate(gpu, config, { stateEvery: "epoch" });
  const events = await Array.fromAsync(replay);
  const differences = new Comparison(expected, tolerances, config).compare(events);
  return differences.slice(0, 20); // a wrong definition has thousands
}

class Comparison {
  readonly #differences: string[] = [];
  /** of every loss, by round */
  readonly #lossDistances: number[][];
  #round = 0;

  constructor(
    private readonly rounds: readonly ExpectedRound[],
    private readonly tolerances: Tolerances,
    private readonly config: SimulationConfig,
  ) {
    this.#lossDistances = rounds.map(() => []);
  }

  compare(events: readonly SimulationEvent[]): string[] {
    for (const event of events) this.#event(event);
    this.#lossDistances.forEach((distances, round) => this.#most(distances, round));
    const count = (type: SimulationEvent["type"]) =>
      events.filter((event) => event.type === type).length;
    const { length } = this.rounds;
    const epochs = length * this.rounds[0].epochs.length;
    const stages = this.#stageOf(this.rounds[0].epochs[0].clients[0]) === null ? 0 : epochs;
    assertEquals(
      [count("round"), count("epoch"), count("aggregation"), count("stage")],
      [length, epochs, length, stages],
    );
    return this.#differences;
  }

  #event(event: SimulationEvent): void {
    if ("round" in event) this.#round = event.round;
    const round = this.rounds[this.#round];
    switch (event.type) {
      case "round":
        return this.#near("learning rate", event.learningRate, round.lr, 1e-12);
      case "stage":
        return event.clients.forEach(({ client, stage, decision, batchLosses }, k) => {
          const expected = round.epochs[event.epoch].clients[k];
          const at = `epoch ${event.epoch} client ${client} before training`;
          assertEquals(decision === null, expected.decision === null);
          this.#near(`${at} stage`, stage, this.#stageOf(expected) ?? NaN, 0);
          if (!expected.decision || !decision) return;
          assert(batchLosses);
          this.#metrics(at, decision, expected.decision.metrics);
          this.#losses(at, batchLosses, expected.decision.batchLosses);
        });
      case "epoch":
        event.clients.forEach(({ client, stage, train, batchLosses, test }, k) => {
          const expected = round.epochs[event.epoch].clients[k];
          const at = `epoch ${event.epoch} client ${client}`;
          assertEquals(stage, this.#stageOf(expected));
          assert(train && batchLosses);
          this.#losses(at, batchLosses, expected.batchLosses);
          for (const [role, losses] of Object.entries(expected.batchLosses)) {
            const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
            this.#loss(`${at} ${role} CE`, train[role].loss, mean);
          }
          this.#metrics(`${at} test`, test, expected.test);
        });
        return this.#means(`epoch ${event.epoch}`, event.mean, round.epochs[event.epoch].testMean);
      case "aggregation":
        assertEquals(event.rate === null, round.rate === null);
        this.#near("rate", event.rate ?? 0, round.rate ?? 0, 1e-12);
        event.clients.forEach(({ client, valid, test }, k) => {
          const at = `client ${client} after aggregation`;
          this.#metrics(`${at} valid`, valid, round.valid[k]);
          this.#metrics(`${at} test`, test, round.test[k]);
        });
        this.#means("valid after aggregation", event.valid, round.validMean);
        return this.#means("test after aggregation", event.test, round.testMean);
      case "state":
        return this.#state(event.state);
      case "checkpoint":
        if (event.reason === "final") {
          const client = this.config.dataset.clients.findIndex(({ name }) => name === event.client);
          this.#aggregated(client, event.role, (name) => event.tensors.get(name));
        }
    }
  }

  /** Where two models of a client always teach each other, that is told as stage 4. */
  #stageOf({ decision }: ExpectedClient): number | null {
    if (decision) return decision.stage;
    return methodOf(this.config.method).beforeEpoch ? 4 : null;
  }

  /** Models right before a communication, and right after those that a further round follows. */
  #state({ position, tensors }: SimulationState): void {
    const isLocal = position.at === "epoch" && position.epoch === this.config.localEpochs;
    if (!isLocal && (position.at !== "round" || position.round === 0)) return;
    const { local, aggregated } = this.rounds[this.#round];
    for (const client of aggregated.keys()) {
      for (const role of methodOf(this.config.method).roles) {
        const find = (name: string) =>
          tensors.get(`${client}.${role}.parameters.${name}`) ??
            tensors.get(`${client}.${role}.buffers.${name}`);
        if (!isLocal) this.#aggregated(client, role, find);
        else if (local) this.#weights("local", client, role, local[client][role], find);
      }
    }
  }

  #aggregated(client: number, role: string, find: Find): void {
    const { local, aggregated } = this.rounds[this.#round];
    const changed = aggregated[client][role] ?? {};
    this.#weights("aggregated", client, role, changed, find);
    if (!local) return;
    const others = Object.entries(local[client][role]).filter(([name]) => !(name in changed));
    this.#weights("local", client, role, Object.fromEntries(others), find);
  }

  #weights(
    moment: "local" | "aggregated",
    client: number,
    role: string,
    expected: Fingerprints,
    find: Find,
  ): void {
    const tolerance = this.tolerances.weights(this.#round, moment);
    const at = `round ${this.#round} client ${client} ${role} ${moment}`;
    this.#differences.push(
      ...fingerprintDifferences(expected, find, tolerance).map((text) => `${at} ${text}`),
    );
  }

  #means(at: string, actual: ByRole<Metrics>, expected?: ByRole<ReferenceMetrics>): void {
    if (expected) this.#metrics(`mean over clients, ${at}`, actual, expected);
  }

  #metrics(at: string, actual: ByRole<Metrics>, expected: ByRole<ReferenceMetrics>): void {
    for (const [role, { loss, acc, f1, auc }] of Object.entries(expected)) {
      const own = actual[role];
      this.#loss(`${at} ${role} loss`, own.loss, loss);
      for (
        const [name, value, wanted] of [
          ["acc", own.accuracy, acc],
          ["f1", own.f1, f1],
          ["auc", own.auc ?? NaN, auc],
        ] as const
      ) {
        if (wanted === undefined) continue;
        const tolerance = this.tolerances.metric(this.#round, name);
        this.#near(`${at} ${role} ${name}`, value, wanted, tolerance);
      }
    }
  }

  #losses(at: string, actual: ByRole<readonly number[]>, expected: ByRole<number[]>): void {
    assertEquals(Object.keys(actual), Object.keys(expected));
    for (const [role, losses] of Object.entries(expected)) {
      assertEquals(actual[role].length, losses.length);
      losses.forEach((loss, batch) =>
        this.#loss(`${at} ${role} batch ${batch}`, actual[role][batch], loss)
      );
    }
  }

  #loss(at: string, actual: number, expected: number): void {
    this.#lossDistances[this.#round].push(Math.abs(actual - expected));
    this.#near(at, actual, expected, this.tolerances.loss(this.#round));
  }

  #most(distances: readonly number[], round: number): void {
    const tolerance = this.tolerances.mostLosses?.(round) ?? Infinity;
    const beyond = distances.filter((distance) => distance > tolerance).length;
    if (beyond <= distances.length / 2) return;
    this.#differences.push(
      `round ${round}: ${beyond} of ${distances.length} losses are more than ${tolerance} off`,
    );
  }

  #near(at: string, actual: number, expected: number, tolerance: number): void {
    if (Math.abs(actual - expected) <= tolerance) return;
    this.#differences.push(
      `round ${this.#round} ${at}: ${actual} but ${expected} ± ${tolerance} is expected`,
    );
  }
}

/** Finds a tensor of a model. */
type Find = (name: string) => HostTensor | undefined;

/** Clients' images and labels from `CLIENT.SPLIT.images` and `.labels`. */
export function trajectoryDataset(
  clients: readonly string[],
  tensors: ReadonlyMap<string, HostTensor>,
): Dataset {
  const split = (prefix: string): Split => {
    const images = tensors.get(`${prefix}.images`)!.data as Uint8Array<ArrayBuffer>;
    const labels = tensors.get(`${prefix}.labels`)!.data as Int32Array<ArrayBuffer>;
    return { ids: Array.from(labels, (_, i) => String(i)), images, labels };
  };
  return {
    clients: clients.map((name) => ({
      name,
      train: split(`${name}.train`),
      valid: split(`${name}.valid`),
      test: split(`${name}.test`),
    })),
    imageSize: 32,
    classNames: ["nv", "bkl", "mel"],
  };
}
