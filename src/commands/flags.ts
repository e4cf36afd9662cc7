// The flags of the commands: one table each, from which come parsing, checks, help and settings.

import { comparisonFlags } from "./flags/comparison.ts";
import { dataFlags } from "./flags/data.ts";
import { flag, type FlagTable, type OptionsOf, underTopic } from "./flags/flag.ts";
import { methodFlags } from "./flags/method.ts";
import { networkFlags } from "./flags/network.ts";
import { optimizationFlags } from "./flags/optimization.ts";
import { runningFlags } from "./flags/running.ts";
import { integer, number, text, toggle } from "./values.ts";

export { comparisonFlags };
export { type Flag, flag, type FlagTable, type OptionsOf, underTopic } from "./flags/flag.ts";

/** Flags of `info`. */
export const infoFlags = underTopic("Running", {
  adapter: runningFlags.adapter,
  measure: flag({
    name: "measure",
    kind: toggle,
    default: false,
    source: "ours",
    help: "measure the fastest arithmetic and memory, about a second",
  }),
});

/** What `tune` has besides flags of `train`. */
const tuneOnlyFlags = underTopic("Tuning", {
  models: flag({
    name: "models",
    kind: integer({ min: 1, max: 4096 }),
    default: 8,
    source: "ours",
    help: "models that advance together: clients times their roles",
  }),
  numClasses: flag({
    name: "num-classes",
    kind: integer({ min: 1, max: 65535 }),
    default: 3,
    source: "ours",
    help: "outputs of the network",
  }),
  seconds: flag({
    name: "seconds",
    kind: number({ min: 0 }),
    default: 20,
    source: "ours",
    help: "begin no other shape after so long; those with most work come first",
  }),
});

/** Flags of `train`, in the order of its help. */
export const trainFlags = {
  ...methodFlags,
  ...networkFlags,
  ...optimizationFlags,
  ...dataFlags,
  ...runningFlags,
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

/** Flags of `tune`. */
export const tuneFlags = {
  network: trainFlags.network,
  width: trainFlags.width,
  batchSize: trainFlags.batchSize,
  imageSize: trainFlags.imageSize,
  ...tuneOnlyFlags,
  adapter: trainFlags.adapter,
};

/** Everything that `compare` can be told. */
export type CompareOptions = OptionsOf<typeof compareFlags>;

/** Everything that `train` can be told. */
export type TrainOptions = OptionsOf<typeof trainFlags>;

/** Flags of `report`. */
export const reportFlags = underTopic("Report", {
  out: flag({
    name: "out",
    kind: text("FILE"),
    default: "report.html",
    source: "ours",
    help: "page to write, with a folder of pictures beside it; what exists is not overwritten",
  }),
});

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
