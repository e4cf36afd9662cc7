// The typed events of a simulation: everything a person or a file sees of a run is made from them.

import type { Ceilings } from "../gpu/ceiling.ts";
import type { KernelTotals, Profile } from "../gpu/profile.ts";
import type { MemoryUse } from "../gpu/device_memory.ts";
import type { MeanMetrics, Metrics } from "../metrics/classification.ts";
import type { HostTensor } from "../tensor/host_tensor.ts";
import type { SharedKind } from "./methods/method.ts";
import type { TransferStage } from "./methods/transfer_stage.ts";
import type { SimulationState } from "./recovery/state.ts";
import type { Spectrum } from "./aggregate/spectrum.ts";

/** One value for each model a client holds, under its role: `personal` and `deputy` in PRR-FL, `local` in FedAvg. */
export type ByRole<T> = Readonly<Record<string, T>>;

/** What all events have. */
export interface TypedEvent<T extends string> {
  /** tells it from other events */
  readonly type: T;
}

/** What happens in a round has besides. */
export interface EventOfRound<T extends string> extends TypedEvent<T> {
  /** of communication, counted from 0 */
  readonly round: number;
}

/** What happens in a local epoch has besides. */
export interface EventOfEpoch<T extends string> extends EventOfRound<T> {
  /** of the round, counted from 0 */
  readonly epoch: number;
}

/** First event: what is about to happen. */
export interface RunEvent extends TypedEvent<"run"> {
  /** the method's proper name, where it says one; rows of older runs lack it */
  readonly title?: string;
  /** of the models that each client holds, in the order in which they are reported */
  readonly roles: readonly string[];
  /** the role whose metrics are a client's result */
  readonly personalRole: string;
  /** the role that goes to the server and back; null where nothing does */
  readonly sharedRole: string | null;
  /** in the dataset's order, which every later list of clients follows; the number of images per split */
  readonly clients: readonly {
    readonly name: string;
    readonly train: number;
    readonly valid: number;
    readonly test: number;
  }[];
  /** by index, as labels and rows of logits count them */
  readonly classNames: readonly string[];
  /** communication rounds of the whole run */
  readonly rounds: number;
  /** local epochs of a round */
  readonly localEpochs: number;
  /** training steps of a local epoch, of the client that takes most */
  readonly stepsPerEpoch: number;
  /** trainable parameters of one model */
  readonly parameters: number;
  /** clients whose models advance in one dispatch */
  readonly parallelClients: number;
  /** what the server does with each kind of tensor, in words; null: stays local; rows of older runs lack it */
  readonly shares?: Readonly<Record<SharedKind, string | null>>;
  /** a hash of all images and labels, which tells data from others; rows of older runs lack it */
  readonly fingerprint?: string;
}

/** A communication round begins. Rounds and epochs count from 0. */
export interface RoundEvent extends EventOfRound<"round"> {
  /** of this round's training steps */
  readonly learningRate: number;
  /** clients that train in this round; the others' models stay as they are until they receive the server's */
  readonly participants: readonly string[];
}

/** Something moved on; between two of these lies about half a second of work. */
export interface ProgressEvent extends EventOfEpoch<"progress"> {
  /** the metrics that decide stages, training, the test metrics after it, or those after a communication */
  readonly phase: "evaluate" | "train" | "test" | "aggregate";
  /** work done and to be done in the whole run, in units of one forward pass of one batch of one client */
  readonly done: number;
  /** as `done`, of the whole run */
  readonly total: number;
}

/** The stages of all participants for one local epoch are decided; only in methods with transfer between models. */
export interface StageEvent extends EventOfEpoch<"stage"> {
  /** the participants, each with the stage of DET that it trains in */
  readonly clients: readonly {
    readonly client: string;
    readonly stage: TransferStage;
    /** eval-mode metrics on the train split that decided; null where the schedule asks for none */
    readonly decision: ByRole<Metrics> | null;
    /** mean cross-entropy of each evaluation batch, nats */
    readonly batchLosses: ByRole<readonly number[]> | null;
  }[];
}

/** How long the kernels of some training steps took, where the configuration asks for it: told once. */
export interface ProfileEvent extends EventOfEpoch<"profile"> {
  /** in their order; `step` counts from 0 in the local epoch */
  readonly steps: readonly { readonly step: number; readonly profile: Profile }[];
  /** of all these steps together, the longest first */
  readonly kernels: readonly KernelTotals[];
  /** what the adapter can do, measured right after the epoch */
  readonly ceilings: Ceilings;
  /** the most that was in use or kept for use up to then */
  readonly memory: MemoryUse;
}

/** The test metrics within a local epoch, where the configuration asks for them. */
export interface EvaluationEvent extends EventOfEpoch<"evaluation"> {
  /** training steps of this local epoch before the evaluation, and in all, of the client that takes most */
  readonly step: number;
  /** of the whole local epoch */
  readonly steps: number;
  /** on each client's own test split, of every model it holds */
  readonly clients: readonly { readonly client: string; readonly test: ByRole<Metrics> }[];
  /** mean over clients */
  readonly mean: ByRole<MeanMetrics>;
}

/**
 * Numbers of a client's model have gone bad: it is put back to its models at the beginning of the round, and sits out
 * the rest of it. Only where the configuration asks for that; told before what the local epoch came to.
 */
export interface DivergenceEvent extends EventOfEpoch<"divergence"> {
  /** name of the client */
  readonly client: string;
  /** of the model in which it showed first */
  readonly role: string;
  /** training steps of this local epoch of the client when it showed, and in all; 0: before the first */
  readonly step: number;
  /** of the whole local epoch */
  readonly steps: number;
  /** such as "the loss of an image is NaN" */
  readonly cause: string;
}

/** A local epoch is over on every participant. */
export interface EpochEvent extends EventOfEpoch<"epoch"> {
  /** all clients, those that did not train included */
  readonly clients: readonly {
    readonly client: string;
    /** null in methods without transfer between models, and for a client that sat out or whose numbers went bad */
    readonly stage: TransferStage | null;
    /** of the train-mode outputs during the epoch, the loss cross-entropy alone; null for a client that sat out */
    readonly train: ByRole<Metrics> | null;
    /** mean cross-entropy of each training batch, nats; null for a client that sat out */
    readonly batchLosses: ByRole<readonly number[]> | null;
    /** of the models as they are now, also those of a client that sat out */
    readonly test: ByRole<Metrics>;
  }[];
  /** mean over clients of the test metrics */
  readonly mean: ByRole<MeanMetrics>;
}

/** The server has aggregated and clients have received its weights, unless no update arrived. */
export interface AggregationEvent extends EventOfRound<"aggregation"> {
  /** PFA's low-frequency share L(t), in [0, 1]; null in methods that do without */
  readonly rate: number | null;
  /** clients whose update arrived; empty if all were lost or the method shares nothing: then no model changes */
  readonly senders: readonly string[];
  /** clients whose shared model the server has replaced: all, or in methods that give each its own the senders */
  readonly receivers: readonly string[];
  /** metrics of every model on each client's own splits, after the communication */
  readonly clients: readonly {
    readonly client: string;
    readonly valid: ByRole<Metrics>;
    readonly test: ByRole<Metrics>;
  }[];
  /** means over clients */
  readonly valid: ByRole<MeanMetrics>;
  /** mean over clients of the test metrics */
  readonly test: ByRole<MeanMetrics>;
  /** true if this round is the best so far by the official selection rule */
  readonly selected: boolean;
}

/** Amplitudes of one layer's weights around a communication, frequency 0 in the middle. */
export interface SpectraEvent extends EventOfRound<"spectra"> {
  /** PFA's low-frequency share; null where the method uses none */
  readonly rate: number | null;
  /** the parameter, a convolution's weight */
  readonly layer: string;
  /** of each client's shared model, right before the communication and right after it */
  readonly clients: readonly {
    readonly client: string;
    readonly before: Spectrum;
    readonly after: Spectrum;
  }[];
}

/** What the models say of every test image at the end. */
export interface PredictionsEvent extends EventOfRound<"predictions"> {
  /**
   * just before the last communication, that is after the last local epoch, or after it; where nothing is
   * communicated both are the same, and only `after` is told
   */
  readonly view: "before" | "after";
  /** truth and answers for each client's own test split */
  readonly clients: readonly {
    readonly client: string;
    /** `[images]`, in the order of the split */
    readonly labels: Int32Array;
    /** numbers, `[images]`: equal for images of one lesion or patient; absent where the data do not tell */
    readonly groups?: Int32Array;
    /** row-major `[images, classes]` */
    readonly probabilities: ByRole<Float32Array<ArrayBuffer>>;
  }[];
  /** by index, as labels and columns of probabilities count them */
  readonly classNames: readonly string[];
}

/** A client's model, to be stored. All clients and roles of one reason follow one another. */
export interface CheckpointEvent extends EventOfRound<"checkpoint"> {
  /** why it is told: of the selected round, or of the last */
  readonly reason: "best" | "final";
  /** whose model it is */
  readonly client: string;
  /** which of the client's models it is */
  readonly role: string;
  /** test metrics of this model after the round's aggregation */
  readonly test: Metrics;
  /** whether it is the server's model, which every client has just received as a whole: told of one client */
  readonly isServerModel: boolean;
  /** PyTorch key names */
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/**
 * All that the rest of the run depends on: a run of the same configuration that begins with `resumeFrom` this
 * state tells the same events from here on, after its run event. Told where the configuration asks for it,
 * and there also when the run is stopped.
 */
export interface StateEvent extends TypedEvent<"state"> {
  /** what `resumeFrom` takes */
  readonly state: SimulationState;
}

/** Last event of a run that reached its end. */
export interface DoneEvent extends TypedEvent<"done"> {
  /** how many there were */
  readonly rounds: number;
  /** the selected round, or null where the rule selected none */
  readonly bestRound: number | null;
  /** mean test metrics after the last aggregation */
  readonly test: ByRole<Metrics>;
}

/** Last event of a run that ended early. Whoever ran it tells this; `simulate()` does not. */
export interface InterruptedEvent extends TypedEvent<"interrupted"> {
  /** the name of a signal, or the message of an error */
  readonly cause: string;
  /** the last local epoch that was over on every client; null: none was */
  readonly lastRound: number | null;
  /** of `lastRound`, counted from 0; null: none was over */
  readonly lastEpoch: number | null;
  /** how often the server had aggregated */
  readonly communications: number;
}

/** Whatever a run tells; `type` says what it is, and a `switch` on it narrows the type. */
export type SimulationEvent =
  | RunEvent
  | RoundEvent
  | ProgressEvent
  | StageEvent
  | ProfileEvent
  | EvaluationEvent
  | DivergenceEvent
  | EpochEvent
  | AggregationEvent
  | SpectraEvent
  | PredictionsEvent
  | CheckpointEvent
  | StateEvent
  | DoneEvent
  | InterruptedEvent;
