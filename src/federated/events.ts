// The typed events of a simulation: everything a person or a file sees of a run is made from them.

import type { Metrics } from "../metrics/classification.ts";
import type { HostTensor } from "../tensor/host_tensor.ts";
import type { TransferStage } from "./transfer_stage.ts";

/** One value for each model a client holds, under its role: `personal` and `deputy` in PRR-FL. */
export type ByRole<T> = Readonly<Record<string, T>>;

/** First event: what is about to happen. */
export interface RunEvent {
  readonly type: "run";
  readonly roles: readonly string[];
  /** in the dataset's order, which every later list of clients follows; the number of images per split */
  readonly clients: readonly {
    readonly name: string;
    readonly train: number;
    readonly valid: number;
    readonly test: number;
  }[];
  readonly classNames: readonly string[];
  readonly rounds: number;
  readonly localEpochs: number;
  /** training steps of a local epoch, of the client that takes most */
  readonly stepsPerEpoch: number;
  /** trainable parameters of one model */
  readonly parameters: number;
  /** clients whose models advance in one dispatch */
  readonly parallelClients: number;
}

/** A communication round begins. Rounds and epochs count from 0. */
export interface RoundEvent {
  readonly type: "round";
  readonly round: number;
  readonly learningRate: number;
}

/** Something moved on; between two of these lies about half a second of work. */
export interface ProgressEvent {
  readonly type: "progress";
  readonly round: number;
  readonly epoch: number;
  readonly phase: "evaluate" | "train" | "test" | "aggregate";
  /** work done and to be done in the whole run, in units of one forward pass of one batch of one client */
  readonly done: number;
  readonly total: number;
}

/** The stages of all clients for one local epoch are decided. */
export interface StageEvent {
  readonly type: "stage";
  readonly round: number;
  readonly epoch: number;
  readonly clients: readonly {
    readonly client: string;
    readonly stage: TransferStage;
    /** eval-mode metrics on the train split that decided; null where the schedule asks for none */
    readonly decision: ByRole<Metrics> | null;
    /** mean cross-entropy of each evaluation batch, nats */
    readonly batchLosses: ByRole<readonly number[]> | null;
  }[];
}

/** The test metrics amid a local epoch, where the configuration asks for them. */
export interface EvaluationEvent {
  readonly type: "evaluation";
  readonly round: number;
  readonly epoch: number;
  /** training steps of this local epoch before the evaluation, and in all, of the client that takes most */
  readonly step: number;
  readonly steps: number;
  readonly clients: readonly { readonly client: string; readonly test: ByRole<Metrics> }[];
  /** mean over clients */
  readonly mean: ByRole<Metrics>;
}

/** A local epoch is over on every client. */
export interface EpochEvent {
  readonly type: "epoch";
  readonly round: number;
  readonly epoch: number;
  readonly clients: readonly {
    readonly client: string;
    readonly stage: TransferStage;
    /** of the train-mode outputs during the epoch; the loss is cross-entropy alone */
    readonly train: ByRole<Metrics>;
    /** mean cross-entropy of each training batch, nats */
    readonly batchLosses: ByRole<readonly number[]>;
    readonly test: ByRole<Metrics>;
  }[];
  /** mean over clients of the test metrics */
  readonly mean: ByRole<Metrics>;
}

/** The server has aggregated and every client has received its weights. */
export interface AggregationEvent {
  readonly type: "aggregation";
  readonly round: number;
  /** PFA's low-frequency share L(t), in [0, 1] */
  readonly rate: number;
  readonly clients: readonly {
    readonly client: string;
    readonly valid: ByRole<Metrics>;
    readonly test: ByRole<Metrics>;
  }[];
  /** means over clients */
  readonly valid: ByRole<Metrics>;
  readonly test: ByRole<Metrics>;
  /** true if this round is the best so far by the official selection rule */
  readonly selected: boolean;
}

/** A client's model, to be stored. All clients and roles of one reason follow one another. */
export interface CheckpointEvent {
  readonly type: "checkpoint";
  readonly reason: "best" | "final";
  readonly round: number;
  readonly client: string;
  readonly role: string;
  /** test metrics of this model after the round's aggregation */
  readonly test: Metrics;
  /** PyTorch key names */
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/** Last event of a run that reached its end. */
export interface DoneEvent {
  readonly type: "done";
  readonly rounds: number;
  /** the selected round, or null where the rule selected none */
  readonly bestRound: number | null;
  /** mean test metrics after the last aggregation */
  readonly test: ByRole<Metrics>;
}

/** Last event of a run that ended early. Whoever ran it tells this; `simulate()` does not. */
export interface InterruptedEvent {
  readonly type: "interrupted";
  /** the name of a signal, or the message of an error */
  readonly cause: string;
  /** the last local epoch that was over on every client; null: none was */
  readonly lastRound: number | null;
  readonly lastEpoch: number | null;
  /** how often the server had aggregated */
  readonly communications: number;
}

export type SimulationEvent =
  | RunEvent
  | RoundEvent
  | ProgressEvent
  | StageEvent
  | EvaluationEvent
  | EpochEvent
  | AggregationEvent
  | CheckpointEvent
  | DoneEvent
  | InterruptedEvent;
