// Whole small runs against PyTorch's, number by number, through simulate().

import type { Dataset, Split } from "../../src/data/dataset.ts";
import { defaultConfig, type SimulationConfig } from "../../src/federated/config.ts";
import type { ByRole, SimulationEvent } from "../../src/federated/events.ts";
import type { MethodName } from "../../src/federated/methods/registry.ts";
import { simulate } from "../../src/federated/simulation.ts";
import { readSafetensors } from "../../src/io/safetensors.ts";
import type { Metrics } from "../../src/metrics/classification.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertAllClose } from "../close.ts";
import { goldenTest, readDescription } from "../golden.ts";
import { gpu } from "../gpu.ts";

/** Metrics as the reference names them, percent. */
interface ReferenceMetrics {
  loss: number;
  acc: number;
  f1: number;
  auc: number;
}

/** Round by round and by role, what an official or an own PyTorch run logged. */
interface Expected {
  readonly lr: number;
  readonly rate: number | null;
  readonly epochs: readonly {
    readonly clients: readonly {
      /** null where the method has no stages */
      readonly decision: {
        readonly stage: number;
        readonly metrics: ByRole<ReferenceMetrics>;
        readonly batchLosses: ByRole<number[]>;
      } | null;
      readonly loss: ByRole<number>;
      readonly batchLosses: ByRole<number[]>;
      readonly test: ByRole<ReferenceMetrics>;
    }[];
  }[];
  /** by client, after the aggregation */
  readonly valid: readonly ByRole<ReferenceMetrics>[];
  readonly test: readonly ByRole<ReferenceMetrics>[];
}

/** What every reference run has. */
interface ReferenceRun<Round> {
  config: Record<string, number>;
  spread: Record<string, Record<string, Record<string, number>>>;
  rounds: Round[];
}

/** A round of the official code's PRR-FL. */
interface TransferRound {
  rate: number;
  lr: number;
  epochs: {
    clients: {
      stage: number;
      eval_train_personal: ReferenceMetrics;
      eval_train_deputy: ReferenceMetrics;
      train: { ce_personal: number; ce_deputy: number };
      batch_ce_eval_personal: number[];
      batch_ce_eval_deputy: number[];
      batch_ce_train_personal: number[];
      batch_ce_train_deputy: number[];
    }[];
    test: ReferenceMetrics[];
  }[];
  test: ReferenceMetrics[];
  valid: ReferenceMetrics[];
  extra_deputy_test_after_aggregation: ReferenceMetrics[];
}

/** Sum, sum of squares and the values at ⌊j·n/8⌋ of each tensor; counters as they are. */
type Fingerprints = Record<string, [number, number, number[]] | number>;

/** A round of a method with one model per client. */
interface PlainRound {
  lr: number;
  epochs: { clients: { batch_ce: number[]; ce: number }[]; test: ReferenceMetrics[] }[];
  after_local: Fingerprints[];
  /** what is shared, and is equal on all clients */
  after_aggregation: Fingerprints;
  test_before: ReferenceMetrics[];
  test_after: ReferenceMetrics[];
  valid_after: ReferenceMetrics[];
}

/** One pair of nearly equal scores in another order moves the AUC of a split by up to this, percent. */
const aucTolerance = 1.7;

goldenTest("simulate() follows the official PRR-FL run, batch by batch", async (folder) => {
  const run = await readDescription<ReferenceRun<TransferRound>>(`${folder}/trajectory`, "prrfl");
  const events = await eventsOf(trajectoryConfig("prrfl", run.config, folder));
  assertEquals(new Comparison(run, run.rounds.map(expectedTransfer)).compare(events), []);
});

for (const method of ["fedavg", "fedbn"] as const) {
  goldenTest(`simulate() follows PyTorch's ${method} run, batch by batch`, async (folder) => {
    const run = await readDescription<ReferenceRun<PlainRound>>(`${folder}/trajectory`, method);
    const events = await eventsOf(trajectoryConfig(method, run.config, folder));
    assertEquals(new Comparison(run, run.rounds.map(expectedPlain)).compare(events), []);
    checkFinalModels(run, events);
  });
}

async function eventsOf(config: SimulationConfig): Promise<SimulationEvent[]> {
  return await Array.fromAsync(simulate(gpu, config));
}

function expectedTransfer(round: TransferRound): Expected {
  return {
    ...round,
    epochs: round.epochs.map(({ clients, test }) => ({
      clients: clients.map((client, k) => ({
        decision: {
          stage: client.stage,
          metrics: { personal: client.eval_train_personal, deputy: client.eval_train_deputy },
          batchLosses: {
            personal: client.batch_ce_eval_personal,
            deputy: client.batch_ce_eval_deputy,
          },
        },
        loss: { personal: client.train.ce_personal, deputy: client.train.ce_deputy },
        batchLosses: {
          personal: client.batch_ce_train_personal,
          deputy: client.batch_ce_train_deputy,
        },
        test: { personal: test[k] }, // the official code does not look at the deputy here
      })),
    })),
    valid: round.valid.map((personal) => ({ personal })),
    test: round.test.map((personal, k) => ({
      personal,
      deputy: round.extra_deputy_test_after_aggregation[k],
    })),
  };
}

function expectedPlain(round: PlainRound): Expected {
  assertEquals(round.epochs.at(-1)!.test, round.test_before); // so it need not be compared by itself
  return {
    lr: round.lr,
    rate: null,
    epochs: round.epochs.map(({ clients, test }) => ({
      clients: clients.map(({ batch_ce, ce }, k) => ({
        decision: null,
        loss: { local: ce },
        batchLosses: { local: batch_ce },
        test: { local: test[k] },
      })),
    })),
    valid: round.valid_after.map((local) => ({ local })),
    test: round.test_after.map((local) => ({ local })),
  };
}

/** Collects what lies outside the tolerances, with its place. */
class Comparison {
  readonly #differences: string[] = [];
  #round = 0;

  constructor(
    private readonly run: Pick<ReferenceRun<unknown>, "spread">,
    private readonly rounds: readonly Expected[],
  ) {}

  compare(events: readonly SimulationEvent[]): string[] {
    for (const event of events) this.#event(event);
    const count = (type: SimulationEvent["type"]) =>
      events.filter((event) => event.type === type).length;
    const { length } = this.rounds;
    const epochs = length * this.rounds[0].epochs.length;
    const stages = this.rounds[0].epochs[0].clients[0].decision === null ? 0 : epochs;
    assertEquals(
      [count("round"), count("epoch"), count("aggregation"), count("stage")],
      [length, epochs, length, stages],
    );
    return this.#differences;
  }

  #event(event: SimulationEvent): void {
    if (!("round" in event)) return;
    this.#round = event.round;
    const round = this.rounds[event.round];
    switch (event.type) {
      case "round":
        return this.#near("learning rate", event.learningRate, round.lr, 1e-12);
      case "stage":
        return event.clients.forEach(({ client, stage, decision, batchLosses }, k) => {
          const expected = round.epochs[event.epoch].clients[k].decision;
          const at = `epoch ${event.epoch} client ${client} before training`;
          assert(expected && decision && batchLosses);
          this.#near(`${at} stage`, stage, expected.stage, 0);
          this.#metrics(at, decision, expected.metrics);
          this.#losses(at, batchLosses, expected.batchLosses);
        });
      case "epoch":
        return event.clients.forEach(({ client, stage, train, batchLosses, test }, k) => {
          const expected = round.epochs[event.epoch].clients[k];
          const at = `epoch ${event.epoch} client ${client}`;
          assertEquals(stage, expected.decision?.stage ?? null);
          assert(train && batchLosses);
          for (const [role, loss] of Object.entries(expected.loss)) {
            this.#near(`${at} ${role} CE`, train[role].loss, loss, this.#lossTolerance());
          }
          this.#losses(at, batchLosses, expected.batchLosses);
          this.#metrics(`${at} test`, test, expected.test);
        });
      case "aggregation":
        assertEquals(event.rate === null, round.rate === null);
        this.#near("rate", event.rate ?? 0, round.rate ?? 0, 1e-12);
        return event.clients.forEach(({ client, valid, test }, k) => {
          const at = `client ${client} after aggregation`;
          this.#metrics(`${at} valid`, valid, round.valid[k]);
          this.#metrics(`${at} test`, test, round.test[k]);
        });
    }
  }

  #metrics(at: string, actual: ByRole<Metrics>, expected: ByRole<ReferenceMetrics>): void {
    for (const [role, { loss, acc, f1, auc }] of Object.entries(expected)) {
      const own = actual[role];
      this.#near(`${at} ${role} loss`, own.loss, loss, this.#lossTolerance());
      this.#near(`${at} ${role} accuracy`, own.accuracy, acc, this.#spread("acc"));
      this.#near(`${at} ${role} F1`, own.f1, f1, this.#spread("f1"));
      this.#near(`${at} ${role} AUC`, own.auc ?? NaN, auc, aucTolerance);
    }
  }

  #losses(at: string, actual: ByRole<readonly number[]>, expected: ByRole<number[]>): void {
    assertEquals(Object.keys(actual), Object.keys(expected));
    for (const [role, losses] of Object.entries(expected)) {
      assertEquals(actual[role].length, losses.length);
      losses.forEach((loss, batch) =>
        this.#near(`${at} ${role} batch ${batch}`, actual[role][batch], loss, this.#lossTolerance())
      );
    }
  }

  /**
   * Five times what separates the three correct computations of this run by the end of the next round: a ReLU or a
   * maximum that falls the other way parts runs all at once, and for others that may be some batches earlier.
   */
  #lossTolerance(): number {
    const next = Math.min(this.#round + 1, this.rounds.length - 1);
    return 5 * largestSpread(this.run, "absolute_difference", `round${next}.loss`);
  }

  /** How far correct computations differ in this round, and a little for the last digit. */
  #spread(metric: "acc" | "f1"): number {
    return largestSpread(this.run, "absolute_difference", `round${this.#round}.${metric}`) + 1e-4;
  }

  #near(at: string, actual: number, expected: number, tolerance: number): void {
    if (Math.abs(actual - expected) <= tolerance) return;
    this.#differences.push(
      `round ${this.#round} ${at}: ${actual} but ${expected} ± ${tolerance} is expected`,
    );
  }
}

/** What correct computations of a run differ by. */
function largestSpread(
  { spread }: Pick<ReferenceRun<unknown>, "spread">,
  kind: "absolute_difference" | "sample_difference_over_rms",
  key: string,
): number {
  return Math.max(...Object.values(spread).map((run) => run[`largest_${kind}`][key]));
}

/** What the clients hold at the end: what is shared from the aggregation, all else from local training. */
function checkFinalModels(
  run: ReferenceRun<PlainRound>,
  events: readonly SimulationEvent[],
): void {
  const { after_local, after_aggregation } = run.rounds.at(-1)!;
  const key = `round${run.rounds.length - 1}`;
  const tolerances = {
    own: 3.5 * largestSpread(run, "sample_difference_over_rms", `${key}.after_local`),
    shared: 3.5 * largestSpread(run, "sample_difference_over_rms", `${key}.after_aggregation`),
  };
  const finals = events.filter((event) => event.type === "checkpoint")
    .filter(({ reason }) => reason === "final");
  assertEquals(finals.length, after_local.length);
  finals.forEach(({ client, tensors }, k) => {
    for (const [name, { data }] of tensors) {
      const shared = after_aggregation[name];
      const expected = typeof shared === "object" ? shared : after_local[k][name];
      if (typeof expected === "number") {
        assertEquals(data, BigInt64Array.of(BigInt(expected)), `${client} ${name}`);
        continue;
      }
      const [, squares, samples] = expected;
      const values = data as Float32Array;
      const rms = Math.sqrt(squares / values.length);
      const places = samplePlaces(values.length);
      const tolerance = rms * (typeof shared === "object" ? tolerances.shared : tolerances.own);
      assertAllClose(`${client} ${name}`, places.map((at) => values[at]), samples, tolerance);
    }
  });
}

/** ⌊j·n/8⌋ for j from 0 to 7, without repetitions. */
function samplePlaces(length: number): number[] {
  return [...new Set(Array.from({ length: 8 }, (_, j) => Math.floor(j * length / 8)))];
}

function trajectoryConfig(
  method: MethodName,
  config: Record<string, number>,
  folder: string,
): SimulationConfig {
  return {
    ...defaultConfig,
    method,
    dataset: trajectoryDataset(readTensors(`${folder}/trajectory/inputs.safetensors`)),
    rounds: config.iters,
    localEpochs: config.wk_iters,
    batchSize: config.batch,
    learningRate: config.lr,
    learningRateStep: config.lr_step,
    learningRateGamma: config.lr_gamma,
    weightDecay: config.wd,
    fourierRate: config.l_rate,
    alpha1: config.alpha1,
    alpha2: config.alpha2,
    augment: "none",
    shuffle: false,
    initialState: readTensors(`${folder}/nn/vgg_nb_start.safetensors`),
  };
}

function trajectoryDataset(tensors: ReadonlyMap<string, HostTensor>): Dataset {
  const split = (prefix: string): Split => {
    const images = tensors.get(`${prefix}.images`)!.data as Uint8Array<ArrayBuffer>;
    const labels = tensors.get(`${prefix}.labels`)!.data as Int32Array<ArrayBuffer>;
    return { ids: Array.from(labels, (_, i) => String(i)), images, labels };
  };
  return {
    clients: ["A", "B", "C", "D"].map((name) => ({
      name,
      train: split(`${name}.train`),
      valid: split(`${name}.valid`),
      test: split(`${name}.test`),
    })),
    imageSize: 32,
    classNames: ["nv", "bkl", "mel"],
  };
}

function readTensors(path: string): ReadonlyMap<string, HostTensor> {
  return readSafetensors(Deno.readFileSync(path)).tensors;
}
