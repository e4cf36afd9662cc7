// A whole small run against the official code's, number by number, through simulate().

import type { Dataset, Split } from "../../src/data/dataset.ts";
import { defaultConfig, type SimulationConfig } from "../../src/federated/config.ts";
import type { SimulationEvent } from "../../src/federated/events.ts";
import { simulate } from "../../src/federated/simulation.ts";
import { readSafetensors } from "../../src/io/safetensors.ts";
import type { Metrics } from "../../src/metrics/classification.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import { assert, assertEquals } from "../assert.ts";
import { goldenTest, readDescription } from "../golden.ts";
import { gpu } from "../gpu.ts";

/** Metrics as the reference names them, percent. */
interface ReferenceMetrics {
  loss: number;
  acc: number;
  f1: number;
  auc: number;
}

interface ReferenceClient {
  stage: number;
  eval_train_personal: ReferenceMetrics;
  eval_train_deputy: ReferenceMetrics;
  train: { ce_personal: number; ce_deputy: number };
  batch_ce_eval_personal: number[];
  batch_ce_eval_deputy: number[];
  batch_ce_train_personal: number[];
  batch_ce_train_deputy: number[];
}

interface ReferenceRun {
  config: Record<string, number>;
  spread: Record<string, { largest_absolute_difference: Record<string, number> }>;
  rounds: {
    rate: number;
    lr: number;
    epochs: { clients: ReferenceClient[]; test: ReferenceMetrics[] }[];
    test: ReferenceMetrics[];
    valid: ReferenceMetrics[];
    extra_deputy_test_after_aggregation: ReferenceMetrics[];
  }[];
}

/** About three times what separates correct computations of this run at its end. */
const lossTolerance = 5e-3;
/** One pair of nearly equal scores in another order moves the AUC of a split by up to this, percent. */
const aucTolerance = 1.7;

goldenTest("simulate() follows the official PRR-FL run, batch by batch", async (folder) => {
  const run = await readDescription<ReferenceRun>(`${folder}/trajectory`, "prrfl");
  const events: SimulationEvent[] = [];
  for await (const event of simulate(gpu, trajectoryConfig(run, folder))) events.push(event);
  assertEquals(new Comparison(run).compare(events), []);
});

/** Collects what lies outside the tolerances, with its place. */
class Comparison {
  readonly #differences: string[] = [];
  #round = 0;

  constructor(private readonly run: ReferenceRun) {}

  compare(events: readonly SimulationEvent[]): string[] {
    for (const event of events) this.#event(event);
    const aggregations = events.filter(({ type }) => type === "aggregation");
    assertEquals(aggregations.length, this.run.rounds.length);
    return this.#differences;
  }

  #event(event: SimulationEvent): void {
    if (!("round" in event)) return;
    this.#round = event.round;
    const round = this.run.rounds[event.round];
    switch (event.type) {
      case "round":
        return this.#near("learning rate", event.learningRate, round.lr, 1e-12);
      case "stage":
        return event.clients.forEach(({ client, stage, decision, batchLosses }, k) => {
          const expected = round.epochs[event.epoch].clients[k];
          const at = `epoch ${event.epoch} client ${client} before training`;
          this.#near(`${at} stage`, stage, expected.stage, 0);
          assert(decision && batchLosses);
          this.#metrics(`${at} personal`, decision.personal, expected.eval_train_personal);
          this.#metrics(`${at} deputy`, decision.deputy, expected.eval_train_deputy);
          this.#losses(`${at} personal`, batchLosses.personal, expected.batch_ce_eval_personal);
          this.#losses(`${at} deputy`, batchLosses.deputy, expected.batch_ce_eval_deputy);
        });
      case "epoch":
        return event.clients.forEach(({ client, train, batchLosses, test }, k) => {
          const expected = round.epochs[event.epoch].clients[k];
          const at = `epoch ${event.epoch} client ${client}`;
          this.#near(`${at} CE`, train.personal.loss, expected.train.ce_personal, lossTolerance);
          this.#near(`${at} CE`, train.deputy.loss, expected.train.ce_deputy, lossTolerance);
          this.#losses(`${at} personal`, batchLosses.personal, expected.batch_ce_train_personal);
          this.#losses(`${at} deputy`, batchLosses.deputy, expected.batch_ce_train_deputy);
          this.#metrics(`${at} test`, test.personal, round.epochs[event.epoch].test[k]);
        });
      case "aggregation":
        this.#near("rate", event.rate, round.rate, 1e-12);
        return event.clients.forEach(({ client, valid, test }, k) => {
          const at = `client ${client} after aggregation`;
          this.#metrics(`${at} valid`, valid.personal, round.valid[k]);
          this.#metrics(`${at} test`, test.personal, round.test[k]);
          const deputy = round.extra_deputy_test_after_aggregation[k];
          this.#metrics(`${at} deputy test`, test.deputy, deputy);
        });
    }
  }

  #metrics(at: string, actual: Metrics, expected: ReferenceMetrics): void {
    this.#near(`${at} loss`, actual.loss, expected.loss, lossTolerance);
    this.#near(`${at} accuracy`, actual.accuracy, expected.acc, this.#spread("acc"));
    this.#near(`${at} F1`, actual.f1, expected.f1, this.#spread("f1"));
    this.#near(`${at} AUC`, actual.auc ?? NaN, expected.auc, aucTolerance);
  }

  #losses(at: string, actual: readonly number[], expected: readonly number[]): void {
    assertEquals(actual.length, expected.length);
    actual.forEach((loss, batch) =>
      this.#near(`${at} batch ${batch}`, loss, expected[batch], lossTolerance)
    );
  }

  /** How far correct computations differ in this round, and a little for the last digit. */
  #spread(metric: "acc" | "f1"): number {
    const runs = Object.values(this.run.spread);
    const key = `round${this.#round}.${metric}`;
    return Math.max(...runs.map((run) => run.largest_absolute_difference[key])) + 1e-4;
  }

  #near(at: string, actual: number, expected: number, tolerance: number): void {
    if (Math.abs(actual - expected) <= tolerance) return;
    this.#differences.push(
      `round ${this.#round} ${at}: ${actual} but ${expected} ± ${tolerance} is expected`,
    );
  }
}

function trajectoryConfig({ config }: ReferenceRun, folder: string): SimulationConfig {
  return {
    ...defaultConfig,
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
