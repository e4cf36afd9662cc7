// Everything that determines a simulation's numbers, with the official defaults.

import type { Dataset } from "../data/dataset.ts";
import type { Network } from "../nn/network.ts";
import { builtInNetworks, type NetworkName } from "../nn/networks.ts";
import type { HostTensor } from "../tensor/host_tensor.ts";
import type { LastBatch } from "../data/batching.ts";
import type { FederatedMethod, Settings } from "./methods/method.ts";
import {
  builtInMethods,
  type MethodName,
  type MethodSettingName,
  methodSettings,
} from "./methods/registry.ts";

/** Names of the networks that come with the program. */
export const networks = Object.keys(builtInNetworks) as NetworkName[];

/** Names of the federated methods that come with the program. */
export const methods = Object.keys(builtInMethods) as MethodName[];

/** Of the paper: height and width of images, pixels. */
export const defaultImageSize = 128;

/** Optimizers of the local training. */
export const optimizers = ["sgd", "adam"] as const;
/** Name of an optimizer. */
export type OptimizerName = typeof optimizers[number];

/** How training images are varied: as in the official code, or not at all. */
export const augmentations = ["full", "none"] as const;
/** Name of an augmentation. */
export type Augmentation = typeof augmentations[number];

/** How clients count in the server's means: all alike, or by their number of training images. */
export const clientWeightings = ["equal", "samples"] as const;
/** Name of a way to count clients. */
export type ClientWeighting = typeof clientWeightings[number];

/** What happens when numbers of a client's models are no longer finite: the run stops, or goes on without it. */
export const nanActions = ["stop", "skip-client"] as const;
/** Name of what happens then. */
export type NanAction = typeof nanActions[number];

/**
 * Settings of `simulate()`. Defaults are those of the official code where it has the setting. The methods' own
 * settings are described where the methods are, in `builtInMethods[name].settings`.
 */
export interface SimulationConfig extends Settings<MethodSettingName> {
  /** the clients, with their images and labels */
  readonly dataset: Dataset;
  /** by name, or one of your own */
  readonly method: MethodName | FederatedMethod;
  /** by name, or one of your own */
  readonly network: NetworkName | Network;
  /** factor on all channel counts; 1 is the paper's network */
  readonly width: number;
  /** communication rounds (`--iters`) */
  readonly rounds: number;
  /** local epochs per round (`--wk_iters`) */
  readonly localEpochs: number;
  /** images of a training step, and of a batch in evaluation */
  readonly batchSize: number;
  /**
   * what becomes of a local epoch's last batch where it is not full: "keep" trains with it, as the official code does,
   * and is refused where it is a single image; "drop" leaves it out, as `drop_last` of PyTorch's DataLoader; "join"
   * gives a single image to the batch before, and keeps longer ones
   */
  readonly lastBatch: LastBatch;
  /** what local training steps with, made anew in every round unless `keepOptimizer` says otherwise */
  readonly optimizer: OptimizerName;
  /** of SGD, as PyTorch defines it: times the sum of earlier gradients, added to the gradient; 0: none */
  readonly momentum: number;
  /** whether a step with momentum looks ahead by one momentum */
  readonly nesterov: boolean;
  /**
   * whether what the optimizer remembers (momentum, Adam's running means) outlives a communication; the official code
   * makes a new optimizer in every round
   */
  readonly keepOptimizer: boolean;
  /** of local training in the first rounds; see `learningRateStep` */
  readonly learningRate: number;
  /** the learning rate is multiplied by `learningRateGamma` every so many rounds */
  readonly learningRateStep: number;
  /** factor on the learning rate, in (0, 1]; see `learningRateStep` */
  readonly learningRateGamma: number;
  /** times each parameter, added to its gradient, as PyTorch's optimizers have it; 0: none */
  readonly weightDecay: number;
  /** own settings of a method of yours, by name; those left out have their defaults */
  readonly methodSettings: Settings;
  /** how clients count in the server's mean: alike, or by their number of training images */
  readonly clientWeights: ClientWeighting;
  /** share of the clients that train in a round, in (0, 1]; rounded, and at least one */
  readonly participation: number;
  /** probability, in [0, 1), that a client trains in a round but its update never reaches the server */
  readonly dropout: number;
  /** of all random numbers: initial weights, order of images, augmentation, participation; a whole number */
  readonly seed: number;
  /** how training images are varied before a step: as in the official code, or not at all */
  readonly augment: Augmentation;
  /** evaluate on the test split after every so many steps of a local epoch too; null: only at its end */
  readonly evaluateEvery: number | null;
  /** a new order of the training images in every local epoch */
  readonly shuffle: boolean;
  /**
   * "skip-client": a client whose numbers have gone bad is put back to its models at the beginning of the round,
   * and neither trains nor sends in the rest of it
   */
  readonly onNan: NanAction;
  /** clients whose models advance in one dispatch; "auto": as many as fit the adapter and the memory limit */
  readonly parallelClients: number | "auto";
  /** MiB of GPU memory that training steps may take, by an estimate from the shapes; null: all there is */
  readonly memoryLimit: number | null;
  /** state of every model at the start, under PyTorch's key names; null: initialised from the seed */
  readonly initialState: ReadonlyMap<string, HostTensor> | null;
}

const methodDefaults = Object.fromEntries(
  Object.entries(methodSettings).map(([name, setting]) => [name, setting.default]),
) as Settings<MethodSettingName>;

/** The official defaults; all that is missing is the data. */
export const defaultConfig: Omit<SimulationConfig, "dataset" | "method"> & {
  readonly method: MethodName;
} = {
  method: "prrfl",
  network: "vgg_nb",
  width: 1,
  rounds: 50,
  localEpochs: 5,
  batchSize: 16,
  lastBatch: "keep",
  optimizer: "sgd",
  momentum: 0,
  nesterov: false,
  keepOptimizer: false,
  learningRate: 1e-2,
  learningRateStep: 5,
  learningRateGamma: 0.5,
  weightDecay: 1e-6,
  ...methodDefaults,
  methodSettings: {},
  clientWeights: "equal",
  participation: 1,
  dropout: 0,
  seed: 1,
  augment: "full",
  evaluateEvery: null,
  shuffle: true,
  onNan: "stop",
  parallelClients: "auto",
  memoryLimit: null,
  initialState: null,
};

/** All that a configuration has. */
export const settingNames: readonly string[] = ["dataset", ...Object.keys(defaultConfig)];

/** Those of a program's options that a simulation takes, which refuses all others. */
export function pickSettings<T extends object>(
  options: T,
): Pick<T, keyof T & keyof SimulationConfig> {
  const picked = Object.entries(options).filter(([name]) => settingNames.includes(name));
  return Object.fromEntries(picked) as Pick<T, keyof T & keyof SimulationConfig>;
}
