// Events of a run that never was: what the reports are tested with.

import type {
  AggregationEvent,
  ByRole,
  CheckpointEvent,
  EpochEvent,
  EvaluationEvent,
  RunEvent,
  SimulationEvent,
} from "../../src/federated/events.ts";
import type { TransferStage } from "../../src/federated/methods/transfer_stage.ts";
import { meanMetrics, type Metrics } from "../../src/metrics/classification.ts";
import type { RunHeader } from "../../src/report/run_header.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";

/** How large the made-up run is. */
export interface MadeUpSize {
  readonly rounds?: number;
  readonly localEpochs?: number;
  readonly clients?: readonly string[];
  /** with an evaluation in the middle of every epoch, and metrics that decide the stages */
  readonly evaluated?: boolean;
}

/** All events of a run in which deputies lose with every communication, and slowly regain. */
export function* madeUpRun(size: MadeUpSize = {}): Generator<SimulationEvent> {
  const { rounds = 3, localEpochs = 2, clients = ["A", "B", "C", "D"], evaluated } = size;
  const run = runEvent(rounds, localEpochs, clients);
  const total = rounds * (localEpochs + 1);
  yield run;
  for (let round = 0; round < rounds; round++) {
    const learningRate = 1e-2 * 0.5 ** Math.floor(round / 5);
    yield { type: "round", round, learningRate, participants: clients };
    for (let epoch = 0; epoch < localEpochs; epoch++) {
      const done = round * (localEpochs + 1) + epoch;
      const time = round * localEpochs + epoch;
      yield { type: "progress", round, epoch, phase: "evaluate", done, total };
      yield {
        type: "stage",
        round,
        epoch,
        clients: clients.map((client, k) => ({
          client,
          stage: stageAt(epoch, k),
          decision: evaluated
            ? { personal: metricsAt(time - 0.9, k, 4), deputy: metricsAt(time - 0.9, k, -3) }
            : null,
          batchLosses: null,
        })),
      };
      yield { type: "progress", round, epoch, phase: "train", done: done + 0.5, total };
      if (evaluated) yield evaluationEvent(round, epoch, time - 0.5, clients);
      yield epochEvent(round, epoch, time, clients);
    }
    const done = (round + 1) * (localEpochs + 1) - 1;
    yield { type: "progress", round, epoch: localEpochs - 1, phase: "aggregate", done, total };
    const aggregation = aggregationEvent(round, rounds, (round + 1) * localEpochs - 1, clients);
    yield aggregation;
    if (aggregation.selected) yield* checkpoints("best", aggregation);
    if (round === rounds - 1) {
      yield* checkpoints("final", aggregation);
      yield { type: "done", rounds, bestRound: rounds - 1, test: aggregation.test };
    }
  }
}

/** Training steps of a local epoch of a made-up run. */
export const stepsPerEpoch = 116;

/** What goes before such a run. */
export function madeUpHeader(folder: string): RunHeader {
  return {
    settings: [
      { name: "method", value: "prrfl", source: "ours", decisive: true },
      { name: "theme", value: "prrfl", source: "official", decisive: true },
      { name: "data", value: "demo", source: "flag", decisive: true },
      { name: "csv_folder", value: null, source: "official", decisive: true },
      { name: "iters", value: 3, source: "flag", decisive: true },
      { name: "l_rate", value: 0.7, source: "official", decisive: true },
      { name: "seed", value: 1, source: "official", decisive: true },
      { name: "wd", value: 1e-6, source: "official", decisive: true },
      { name: "shuffle", value: true, source: "official", decisive: true },
    ],
    command: ["train", "--data", "demo", "--iters", "3"],
    adapter: "llvmpipe (LLVM 19.1.7, 256 bits), software",
    versions: { "prr-fl": "0.1.0", deno: "2.9.6" },
    folder,
  };
}

function runEvent(rounds: number, localEpochs: number, clients: readonly string[]): RunEvent {
  return {
    type: "run",
    roles: ["personal", "deputy"],
    personalRole: "personal",
    sharedRole: "deputy",
    clients: clients.map((name, k) => ({
      name,
      train: 1844 - 390 * (k % 4),
      valid: 260,
      test: 526,
    })),
    classNames: ["nv", "bkl", "mel"],
    rounds,
    localEpochs,
    stepsPerEpoch,
    parameters: 3_015_296,
    parallelClients: clients.length,
  };
}

function evaluationEvent(
  round: number,
  epoch: number,
  time: number,
  clients: readonly string[],
): EvaluationEvent {
  const results = clients.map((client, k) => ({
    client,
    test: { personal: metricsAt(time, k, 0), deputy: metricsAt(time, k, -5) },
  }));
  const mean = meanByRole(results.map(({ test }) => test));
  const [step, steps] = [stepsPerEpoch / 2, stepsPerEpoch];
  return { type: "evaluation", round, epoch, step, steps, clients: results, mean };
}

function epochEvent(
  round: number,
  epoch: number,
  time: number,
  clients: readonly string[],
): EpochEvent {
  const results = clients.map((client, k) => ({
    client,
    stage: stageAt(epoch, k),
    train: { personal: metricsAt(time, k, 3), deputy: metricsAt(time, k, -2) },
    batchLosses: { personal: [1.1, 0.9], deputy: [1.2, 1.0] },
    test: { personal: metricsAt(time, k, 0), deputy: metricsAt(time, k, -5) },
  }));
  return {
    type: "epoch",
    round,
    epoch,
    clients: results,
    mean: meanByRole(results.map(({ test }) => test)),
  };
}

function aggregationEvent(
  round: number,
  rounds: number,
  time: number,
  clients: readonly string[],
): AggregationEvent {
  const results = clients.map((client, k) => ({
    client,
    valid: { personal: metricsAt(time, k, 1), deputy: metricsAt(time, k, -14) },
    test: { personal: metricsAt(time, k, 0), deputy: metricsAt(time, k, -15) },
  }));
  return {
    type: "aggregation",
    round,
    rate: 0.7 + 0.25 * round / rounds,
    senders: clients,
    receivers: clients,
    clients: results,
    valid: meanByRole(results.map(({ valid }) => valid)),
    test: meanByRole(results.map(({ test }) => test)),
    selected: round >= 0.8 * rounds || round === rounds - 1,
  };
}

function* checkpoints(
  reason: "best" | "final",
  { round, clients }: AggregationEvent,
): Generator<CheckpointEvent> {
  for (const { client, test } of clients) {
    for (const [role, metrics] of Object.entries(test)) {
      const weight = { shape: [2, 2], data: new Float32Array([1, 2, 3, round]) };
      const count = { shape: [], data: new BigInt64Array([7n]) };
      const tensors = new Map<string, HostTensor>([
        ["fc1.linear.weight", weight],
        ["fc1.bn.num_batches_tracked", count],
      ]);
      const isServerModel = false;
      yield {
        type: "checkpoint",
        reason,
        round,
        client,
        role,
        test: metrics,
        tensors,
        isServerModel,
      };
    }
  }
}

function stageAt(epoch: number, client: number): TransferStage {
  return epoch === 0 ? 1 : client % 2 === 0 ? 2 : 3;
}

/** Rises with time, wobbles, differs between clients; `offset` in percentage points. */
function metricsAt(time: number, client: number, offset: number): Metrics {
  const rise = 34 * (1 - Math.exp(-(time + 1) / 25)) + 2.5 * Math.sin(time * 1.7 + client * 2);
  const f1 = 34 + rise + 3 * (client % 4) + offset;
  return {
    loss: 1.1 - rise / 60 - offset / 100,
    accuracy: f1 + 12,
    f1,
    auc: client === 3 && time === 0 ? null : f1 + 20,
  };
}

function meanByRole(list: readonly ByRole<Metrics>[]): ByRole<Metrics> {
  const mean = (role: string) => meanMetrics(list.map((byRole) => byRole[role]));
  return { personal: mean("personal"), deputy: mean("deputy") };
}
