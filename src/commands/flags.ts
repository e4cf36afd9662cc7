// The flags of the commands: one table each, from which come parsing, checks, help and settings.

import type { AdapterChoice } from "../gpu/adapter.ts";
import type { MethodName } from "../federated/methods/registry.ts";
import {
  augmentations,
  clientWeightings,
  defaultConfig,
  methods,
  nanActions,
  networks,
  optimizers,
  type StateInterval,
  stateIntervals,
} from "../federated/config.ts";
import {
  choice,
  fileNamePart,
  integer,
  names,
  number,
  orWord,
  several,
  text,
  toggle,
  type ValueKind,
} from "./values.ts";

/** One flag: how it is spelled, read and explained, and what holds where it is not given. */
export interface Flag<T> {
  /** without hyphens; `_` and `-` mean the same on the command line */
  readonly name: string;
  /** further spellings */
  readonly aliases: readonly string[];
  readonly kind: ValueKind<T>;
  readonly default: T;
  /** the default in words, where the value does not speak for itself */
  readonly defaultText?: string;
  /** whose the default is: the official PRR-FL code's or this program's */
  readonly source: "official" | "ours";
  /** heading in the help */
  readonly topic: string;
  readonly help: string;
}

/** Flags by the name of the option they set. */
// deno-lint-ignore no-explicit-any
export type FlagTable = Readonly<Record<string, Flag<any>>>;

/** The options that a table of flags sets. */
export type OptionsOf<F extends FlagTable> = {
  readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never;
};

/** Gives a table entry its value type. */
export function flag<T>(spec: Flag<T>): Flag<T> {
  return spec;
}

const adapter = flag<AdapterChoice>({
  name: "adapter",
  aliases: [],
  kind: choice(["auto", "gpu", "cpu"]),
  default: "auto",
  source: "ours",
  topic: "Running",
  help: "hardware, software, or the fastest there is",
});

/** Flags of `info`. */
export const infoFlags = {
  adapter,
  measure: flag({
    name: "measure",
    aliases: [],
    kind: toggle,
    default: false,
    source: "ours",
    topic: "Running",
    help: "measure the fastest arithmetic and memory, about a second",
  }),
};

/** Flags of `train` and `demo`. */
export const trainFlags = {
  method: flag({
    name: "method",
    aliases: [],
    kind: choice(methods, "NAME"),
    default: defaultConfig.method,
    source: "ours",
    topic: "Method",
    help: methods.join(", "),
  }),
  rounds: flag({
    name: "iters",
    aliases: ["rounds"],
    kind: integer({ min: 1 }),
    default: defaultConfig.rounds,
    source: "official",
    topic: "Method",
    help: "communication rounds",
  }),
  localEpochs: flag({
    name: "wk_iters",
    aliases: ["local-epochs"],
    kind: integer({ min: 1 }),
    default: defaultConfig.localEpochs,
    source: "official",
    topic: "Method",
    help: "local epochs per round",
  }),
  fourierRate: flag({
    name: "l_rate",
    aliases: ["fourier-rate"],
    kind: number({ min: 0, max: 1 }),
    default: defaultConfig.fourierRate,
    source: "official",
    topic: "Method",
    help: "PFA's share of low frequencies in the first round",
  }),
  alpha1: flag({
    name: "alpha1",
    aliases: [],
    kind: number({ min: 0 }),
    default: defaultConfig.alpha1,
    source: "official",
    topic: "Method",
    help: "a deputy below this times the personal F1 recovers",
  }),
  alpha2: flag({
    name: "alpha2",
    aliases: [],
    kind: number({ min: 0 }),
    default: defaultConfig.alpha2,
    source: "official",
    topic: "Method",
    help: "a deputy from this times the personal F1 on teaches",
  }),
  proximalMu: flag({
    name: "mu",
    aliases: ["proximal-mu"],
    kind: number({ min: 0 }),
    default: defaultConfig.proximalMu,
    source: "ours",
    topic: "Method",
    help: "FedProx's pull to the weights received",
  }),
  clientWeights: flag({
    name: "client-weights",
    aliases: [],
    kind: choice(clientWeightings),
    default: defaultConfig.clientWeights,
    source: "official",
    topic: "Method",
    help: "how clients count in the server's means: alike, or by their training images",
  }),
  participation: flag({
    name: "participation",
    aliases: [],
    kind: number({ above: 0, max: 1 }),
    default: defaultConfig.participation,
    source: "official",
    topic: "Method",
    help: "share of the clients that train in a round, at least one of them",
  }),
  dropout: flag({
    name: "dropout",
    aliases: [],
    kind: number({ min: 0, below: 1 }),
    default: defaultConfig.dropout,
    source: "official",
    topic: "Method",
    help: "probability that a client's update never reaches the server",
  }),

  network: flag({
    name: "network",
    aliases: ["model"],
    kind: choice(networks),
    default: defaultConfig.network,
    source: "official",
    topic: "Network",
    help: "VGG whose last layer has no bias (nb) or one (b)",
  }),
  width: flag({
    name: "width",
    aliases: [],
    kind: number({ min: 1 / 32 }), // one channel in the first layer
    default: defaultConfig.width,
    source: "official",
    topic: "Network",
    help: "factor on all channel counts",
  }),
  init: flag<string | null>({
    name: "init",
    aliases: [],
    kind: text("FILE"),
    default: null,
    defaultText: "from the seed",
    source: "ours",
    topic: "Network",
    help: "safetensors file of the weights all models start from",
  }),

  optimizer: flag({
    name: "optim",
    aliases: ["optimizer"],
    kind: choice(optimizers),
    default: defaultConfig.optimizer,
    source: "official",
    topic: "Optimization",
    help: "SGD without momentum, or Adam; new in every round",
  }),
  learningRate: flag({
    name: "lr",
    aliases: ["learning-rate"],
    kind: number({ above: 0 }),
    default: defaultConfig.learningRate,
    source: "official",
    topic: "Optimization",
    help: "learning rate",
  }),
  learningRateStep: flag({
    name: "lr_step",
    aliases: ["learning-rate-step"],
    kind: integer({ min: 1 }),
    default: defaultConfig.learningRateStep,
    source: "official",
    topic: "Optimization",
    help: "rounds after which the learning rate falls",
  }),
  learningRateGamma: flag({
    name: "lr_gamma",
    aliases: ["learning-rate-gamma"],
    kind: number({ above: 0 }),
    default: defaultConfig.learningRateGamma,
    source: "official",
    topic: "Optimization",
    help: "factor by which it falls",
  }),
  weightDecay: flag({
    name: "wd",
    aliases: ["weight-decay"],
    kind: number({ min: 0 }),
    default: defaultConfig.weightDecay,
    source: "official",
    topic: "Optimization",
    help: "weight decay",
  }),
  batchSize: flag({
    name: "batch",
    aliases: ["batch-size"],
    kind: integer({ min: 2 }), // batch norm has no variance over one row
    default: defaultConfig.batchSize,
    source: "official",
    topic: "Optimization",
    help: "images per batch",
  }),
  onNan: flag({
    name: "on-nan",
    aliases: [],
    kind: choice(nanActions),
    default: defaultConfig.onNan,
    source: "ours",
    topic: "Optimization",
    help: "a client's numbers overflow: end, or go on without its round",
  }),
  seed: flag({
    name: "seed",
    aliases: [],
    kind: integer({ min: 0, max: 2 ** 32 - 1 }),
    default: 1,
    source: "official",
    topic: "Optimization",
    help: "of weights, order of images and augmentation",
  }),

  data: flag({
    name: "data",
    aliases: [],
    kind: text("FOLDER|demo"),
    default: "data",
    source: "official",
    topic: "Data",
    help: "folder with clientA, clientB, …, or the demo data",
  }),
  csvFolder: flag<string | null>({
    name: "csv-folder",
    aliases: [],
    kind: text("FOLDER"),
    default: null,
    defaultText: "csv_folder in or beside it",
    source: "ours",
    topic: "Data",
    help: "folder of the split lists",
  }),
  clients: flag<readonly string[] | null>({
    name: "clients",
    aliases: [],
    kind: names("A,B"),
    default: null,
    defaultText: "all",
    source: "ours",
    topic: "Data",
    help: "clients that take part",
  }),
  imageSize: flag({
    name: "image-size",
    aliases: [],
    kind: integer({ min: 32, max: 1024, multipleOf: 32 }), // above, an activation takes gigabytes
    default: 128,
    source: "official",
    topic: "Data",
    help: "images are reduced to this height and width",
  }),
  limit: flag<number | null>({
    name: "limit",
    aliases: [],
    kind: integer({ min: 1 }),
    default: null,
    defaultText: "all",
    source: "ours",
    topic: "Data",
    help: "use at most N images of every split",
  }),
  augment: flag({
    name: "augment",
    aliases: [],
    kind: choice(augmentations),
    default: defaultConfig.augment,
    source: "official",
    topic: "Data",
    help: "vary training images at random, as the authors do, or not",
  }),
  shuffle: flag({
    name: "shuffle",
    aliases: [],
    kind: toggle,
    default: defaultConfig.shuffle,
    source: "official",
    topic: "Data",
    help: "a new order of the training images in every epoch",
  }),

  theme: flag<string | null>({
    name: "theme",
    aliases: [],
    kind: fileNamePart("NAME"),
    default: null,
    defaultText: "the method's name",
    source: "ours",
    topic: "Running",
    help: "what this run is called in the name of its folder",
  }),
  savePath: flag({
    name: "save_path",
    aliases: ["save-folder"],
    kind: text("FOLDER"),
    default: "runs",
    source: "ours",
    topic: "Running",
    help: "the run makes its own folder in this one",
  }),
  adapter,
  parallelClients: flag<number | "auto">({
    name: "parallel-clients",
    aliases: [],
    kind: orWord(integer({ min: 1 }), "auto"),
    default: defaultConfig.parallelClients,
    source: "ours",
    topic: "Running",
    help: "clients per dispatch: changes speed, not numbers",
  }),
  cache: flag({
    name: "cache",
    aliases: [],
    kind: toggle,
    default: true,
    source: "ours",
    topic: "Running",
    help: "keep decoded images of --data FOLDER in the user's cache folder",
  }),
  memoryLimit: flag<number | null>({
    name: "memory-limit",
    aliases: [],
    kind: integer({ min: 1 }),
    default: defaultConfig.memoryLimit,
    defaultText: "none",
    source: "ours",
    topic: "Running",
    help: "MiB of GPU memory for training steps: fewer clients per dispatch",
  }),
  resume: flag<string | null>({
    name: "resume",
    aliases: [],
    kind: text("FOLDER"),
    default: null,
    defaultText: "a new run",
    source: "ours",
    topic: "Running",
    help: "go on with the run in this folder, with its settings",
  }),
  checkpointEvery: flag<StateInterval>({
    name: "checkpoint-every",
    aliases: [],
    kind: choice(stateIntervals),
    default: "round",
    source: "ours",
    topic: "Running",
    help:
      "store after each what --resume needs, as Ctrl-C does; a kill loses what came after the last",
  }),
  evaluateEvery: flag<number | null>({
    name: "eval-every",
    aliases: [],
    kind: integer({ min: 1 }),
    default: defaultConfig.evaluateEvery,
    defaultText: "once an epoch",
    source: "ours",
    topic: "Running",
    help: "test after every N training steps of an epoch too",
  }),
  profile: flag({
    name: "profile",
    aliases: [],
    kind: toggle,
    default: defaultConfig.profile,
    source: "ours",
    topic: "Running",
    help: "time the kernels of three training steps of the second epoch",
  }),
  tensorboard: flag({
    name: "tensorboard",
    aliases: [],
    kind: toggle,
    default: false,
    source: "ours",
    topic: "Running",
    help: "write an event file for TensorBoard too",
  }),
  json: flag({
    name: "json",
    aliases: [],
    kind: toggle,
    default: false,
    source: "ours",
    topic: "Running",
    help: "print events as lines of JSON",
  }),
  quiet: flag({
    name: "quiet",
    aliases: [],
    kind: toggle,
    default: false,
    source: "ours",
    topic: "Running",
    help: "print the result alone",
  }),
} satisfies FlagTable;

/** What `compare` and `demo` take in place of one method and one seed. */
export const comparisonFlags = {
  methods: flag<readonly MethodName[]>({
    name: "methods",
    aliases: [],
    kind: several(choice(methods), "fedavg,prrfl"),
    default: ["fedavg", "fedbn", "prrfl"],
    defaultText: "fedavg,fedbn,prrfl",
    source: "ours",
    topic: "Comparison",
    help: "methods to compare",
  }),
  seeds: flag<readonly number[]>({
    name: "seeds",
    aliases: [],
    kind: several(integer({ min: 0, max: 2 ** 32 - 1 }), "1,2,3"),
    default: [1],
    defaultText: "1",
    source: "ours",
    topic: "Comparison",
    help: "each method is run with each of them",
  }),
  resume: flag<string | null>({
    name: "resume",
    aliases: [],
    kind: text("FOLDER"),
    default: null,
    defaultText: "a new comparison",
    source: "ours",
    topic: "Comparison",
    help: "go on with the comparison in this folder",
  }),
} satisfies FlagTable;

const {
  method: _method,
  seed: _seed,
  profile: _profile,
  json: _json,
  resume: _resume,
  ...sharedFlags
} = trainFlags;

/** Flags of `compare` and `demo`. */
export const compareFlags = { ...comparisonFlags, ...sharedFlags };

/** Everything that `compare` can be told. */
export type CompareOptions = OptionsOf<typeof compareFlags>;

/** Everything that `train` can be told. */
export type TrainOptions = OptionsOf<typeof trainFlags>;

/** Flags of `report`. */
export const reportFlags = {
  out: flag({
    name: "out",
    aliases: [],
    kind: text("FILE"),
    default: "report.html",
    source: "ours",
    topic: "Report",
    help: "page to write, with a folder of pictures beside it; what exists is not overwritten",
  }),
} satisfies FlagTable;

/** Which images are read. */
export type DataOptions = Pick<
  TrainOptions,
  "data" | "csvFolder" | "clients" | "imageSize" | "limit"
>;

/** What `demo` changes in the defaults of `compare`: two minutes on two CPU cores in which models learn. */
export const demoPreset: Partial<CompareOptions> = {
  data: "demo",
  imageSize: 32,
  width: 0.25,
  rounds: 6,
  localEpochs: 3,
  learningRate: 0.03, // there are few steps, so they are larger
  // In 18 epochs nothing is learnt by heart yet, so augmentation would only slow the learning.
  augment: "none",
};
