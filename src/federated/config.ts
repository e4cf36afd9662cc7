// Everything that determines a simulation's numbers, with the official defaults and their check.

import { checkBatches, checkDataset } from "../data/check_dataset.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Network } from "../nn/network.ts";
import { builtInNetworks, type NetworkName } from "../nn/networks.ts";
import { expectOptions } from "../tensor/checks.ts";
import type { HostTensor } from "../tensor/host_tensor.ts";
import { batchingOf, type LastBatch, lastBatches } from "../data/batching.ts";
import { asConfigError, ConfigError } from "./errors.ts";
import type { FederatedMethod, MethodSetting, Settings } from "./methods/method.ts";
import {
  builtInMethods,
  type MethodName,
  methodOf,
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
export type OptimizerName = typeof optimizers[number];

/** How training images are varied: as in the official code, or not at all. */
export const augmentations = ["full", "none"] as const;
export type Augmentation = typeof augmentations[number];

/** How clients count in the server's means: all alike, or by their number of training images. */
export const clientWeightings = ["equal", "samples"] as const;
export type ClientWeighting = typeof clientWeightings[number];

/** What happens when numbers of a client's models are no longer finite: the run stops, or goes on without it. */
export const nanActions = ["stop", "skip-client"] as const;
export type NanAction = typeof nanActions[number];

/**
 * Settings of `simulate()`. Defaults are those of the official code where it has the setting. The methods' own
 * settings are described where the methods are, in `builtInMethods[name].settings`.
 */
export interface SimulationConfig extends Settings<MethodSettingName> {
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
  readonly batchSize: number;
  /**
   * what becomes of a local epoch's last batch where it is not full: "keep" trains with it, as the official code does,
   * and is refused where it is a single image; "drop" leaves it out, as `drop_last` of PyTorch's DataLoader; "join"
   * gives a single image to the batch before, and keeps longer ones
   */
  readonly lastBatch: LastBatch;
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
  readonly learningRate: number;
  /** the learning rate is multiplied by `learningRateGamma` every so many rounds */
  readonly learningRateStep: number;
  readonly learningRateGamma: number;
  readonly weightDecay: number;
  /** own settings of a method of yours, by name; those left out have their defaults */
  readonly methodSettings: Settings;
  readonly clientWeights: ClientWeighting;
  /** share of the clients that train in a round, in (0, 1]; rounded, and at least one */
  readonly participation: number;
  /** probability, in [0, 1), that a client trains in a round but its update never reaches the server */
  readonly dropout: number;
  readonly seed: number;
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

const settingNames = ["dataset", ...Object.keys(defaultConfig)];

/** Those of a program's options that a simulation takes, which refuses all others. */
export function pickSettings<T extends object>(
  options: T,
): Pick<T, keyof T & keyof SimulationConfig> {
  const picked = Object.entries(options).filter(([name]) => settingNames.includes(name));
  return Object.fromEntries(picked) as Pick<T, keyof T & keyof SimulationConfig>;
}

/** What a number has to be, by setting. */
const requirements: readonly (readonly [
  keyof SimulationConfig,
  string,
  (value: number) => boolean,
])[] = [
  ["width", "a number above 0", (value) => value > 0],
  ["rounds", "a whole number of at least 1", positiveWhole],
  ["localEpochs", "a whole number of at least 1", positiveWhole],
  ["batchSize", "a whole number of at least 2", (value) => positiveWhole(value) && value >= 2],
  ["learningRate", "a number above 0", (value) => value > 0],
  ["learningRateStep", "a whole number of at least 1", positiveWhole],
  ["learningRateGamma", "a number above 0", (value) => value > 0],
  ["weightDecay", "a number of at least 0", (value) => value >= 0],
  ["momentum", "a number of at least 0 and below 1", (value) => value >= 0 && value < 1],
  ["participation", "a number above 0 and at most 1", (value) => value > 0 && value <= 1],
  ["dropout", "a number of at least 0 and below 1", (value) => value >= 0 && value < 1],
  ["seed", "a whole number from 0 to 4294967295", (value) => value === value >>> 0],
];

/**
 * Checks a configuration before anything is allocated.
 *
 * @throws {ConfigError} naming the setting, its value and what it has to be
 */
export function checkConfig(config: SimulationConfig): void {
  asConfigError("Cannot simulate this configuration", () => {
    expectOptions("simulate", config, settingNames, ["dataset", "method"]);
  });
  for (const [name, wish, holds] of requirements) expectNumber(name, config[name], wish, holds);
  for (const [name, setting] of Object.entries(methodSettings)) {
    expectSetting(name, config[name as MethodSettingName], setting);
  }
  if (typeof config.method === "object" && config.method !== null) checkMethod(config.method);
  else expectChoice("method", config.method, methods);
  checkMethodSettings(config);
  expectChoice("lastBatch", config.lastBatch, lastBatches);
  if (typeof config.network !== "function") expectChoice("network", config.network, networks);
  expectChoice("optimizer", config.optimizer, optimizers);
  expectChoice("augment", config.augment, augmentations);
  expectChoice("onNan", config.onNan, nanActions);
  expectChoice("clientWeights", config.clientWeights, clientWeightings);
  const { parallelClients, memoryLimit, evaluateEvery, dataset } = config;
  if (evaluateEvery !== null && !positiveWhole(evaluateEvery)) {
    throw new ConfigError(
      `Cannot simulate: evaluateEvery is ${evaluateEvery} but has to be null or a whole number of at least 1`,
    );
  }
  if (parallelClients !== "auto" && !positiveWhole(parallelClients)) {
    throw new ConfigError(
      `Cannot simulate: parallelClients is ${parallelClients} but has to be "auto" or a whole number of at least 1`,
    );
  }
  if (memoryLimit !== null && !(memoryLimit > 0)) {
    throw new ConfigError(
      `Cannot simulate: memoryLimit is ${memoryLimit} but has to be null or a number of MiB above 0`,
    );
  }
  for (const name of ["shuffle", "nesterov", "keepOptimizer"] as const) {
    expectSwitch(name, config[name]);
  }
  checkMomentum(config);
  asConfigError("Cannot simulate", () => {
    checkDataset(dataset);
    checkBatches(dataset, batchingOf(config));
  });
}

/** What the types cannot say of a method of one's own. */
function checkMethod({ roles, personalRole, sharing }: FederatedMethod): void {
  const names = roles.join(", ");
  if (roles.length === 0 || new Set(roles).size < roles.length) {
    throw new ConfigError(
      `Cannot simulate the method: its roles are [${names}] but have to be different names`,
    );
  }
  for (const role of [personalRole, ...(sharing ? [sharing.role] : [])]) {
    if (!roles.includes(role)) {
      throw new ConfigError(
        `Cannot simulate the method: it has no role "${role}", its roles are [${names}]`,
      );
    }
  }
}

function checkMomentum({ optimizer, momentum, nesterov }: SimulationConfig): void {
  if (optimizer !== "sgd" && (momentum > 0 || nesterov)) {
    throw new ConfigError(
      `Cannot simulate: momentum is ${momentum} and nesterov ${nesterov}, but optimizer "${optimizer}" ` +
        'takes neither; choose "sgd", or leave them out',
    );
  }
  if (nesterov && momentum === 0) {
    throw new ConfigError(
      "Cannot simulate: nesterov is true but momentum is 0; it has to be above 0, 0.9 is usual",
    );
  }
}

/** The own settings of a method of one's own, and whether it can train as it is told to. */
function checkMethodSettings(config: SimulationConfig): void {
  const { method, methodSettings: given, optimizer, momentum } = config;
  const { settings = {}, refuses } = methodOf(method);
  asConfigError("Cannot simulate this configuration", () => {
    expectOptions("simulate", given, typeof method === "string" ? [] : Object.keys(settings));
  });
  for (const [name, value] of Object.entries(given)) expectSetting(name, value, settings[name]);
  const reason = refuses?.({ optimizer, momentum }) ?? null;
  if (reason === null) return;
  const subject = typeof method === "string" ? method : "the method";
  const how = `optimizer "${optimizer}"${momentum > 0 ? ` and momentum ${momentum}` : ""}`;
  throw new ConfigError(`Cannot simulate ${subject} with ${how}: ${reason}`);
}

function expectSetting(name: string, value: unknown, bounds: MethodSetting): void {
  const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity } = bounds;
  const wish = min === 0 && max === 1 ? "a number between 0 and 1" : [
    "a number",
    ...(bounds.min === undefined ? [] : [`of at least ${min}`]),
    ...(bounds.max === undefined ? [] : [`of at most ${max}`]),
    ...(bounds.above === undefined ? [] : [`above ${above}`]),
    ...(bounds.below === undefined ? [] : [`below ${below}`]),
  ].join(" ");
  const holds = (value: number) => value >= min && value <= max && value > above && value < below;
  expectNumber(name, value, wish, holds);
}

function expectNumber(
  name: string,
  value: unknown,
  wish: string,
  holds: (value: number) => boolean,
): void {
  if (typeof value === "string") {
    throw new ConfigError(
      `Cannot simulate: ${name} is "${value}" but has to be a number, not a text`,
    );
  }
  if (typeof value !== "number" || !Number.isFinite(value) || !holds(value)) {
    throw new ConfigError(`Cannot simulate: ${name} is ${value} but has to be ${wish}`);
  }
}

function expectSwitch(name: string, value: unknown): void {
  if (typeof value === "boolean") return;
  throw new ConfigError(`Cannot simulate: ${name} is ${value} but has to be true or false`);
}

/** @throws {ConfigError} unless a setting is one of these words */
export function expectChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (!choices.some((choice) => choice === value)) {
    const shown = typeof value === "string" ? `"${value}"` : value;
    throw new ConfigError(
      `Cannot simulate: ${name} is ${shown} but has to be one of ${choices.join(", ")}`,
    );
  }
}

function positiveWhole(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}
