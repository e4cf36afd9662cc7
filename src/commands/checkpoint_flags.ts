// The flags of the commands that use checkpoints. Where a setting is not given, the checkpoint's holds.

import { type SplitName, splitNames } from "../data/dataset.ts";
import { type Flag, flag, type OptionsOf, trainFlags, underTopic } from "./flags.ts";
import { choice, names, orWord, text, toggle } from "./values.ts";

const { network, width, imageSize, batchSize, data, csvFolder, clients, limit, adapter } =
  trainFlags;
const { cache, json, tuned } = trainFlags;

/** As in training, but null where it is not given. */
function ofCheckpoint<T>(trained: Flag<T>): Flag<T | null> {
  return { ...trained, default: null, defaultText: "the checkpoint's", source: "ours" };
}

const csv = flag<string | null>({
  name: "csv",
  kind: text("FILE"),
  default: null,
  defaultText: "none",
  source: "ours",
  help: "write the numbers as a table too; what exists is not overwritten",
});

/** What `evaluate` and `predict` have besides flags of `train`. */
export const checkpointOnlyFlags = underTopic("Checkpoints", {
  classes: flag<readonly string[] | null>({
    name: "classes",
    kind: names("nv,bkl,mel"),
    default: null,
    defaultText: "the checkpoint's",
    source: "ours",
    help: "names of the classes, in the order of the logits",
  }),
  csv,
});

/** What `evaluate` alone has. */
export const evaluateOnlyFlags = underTopic("Evaluation", {
  split: flag<SplitName>({
    name: "split",
    kind: choice(splitNames),
    default: "test",
    source: "ours",
    help: "images on which the models are judged; those of train as they are stored",
  }),
  role: flag({
    name: "role",
    kind: orWord(text("personal|deputy"), "all"),
    default: "all",
    source: "ours",
    help: "which of each client's models",
  }),
  reason: flag<"best" | "final" | null>({
    name: "reason",
    kind: choice(["best", "final"] as const),
    default: null,
    defaultText: "best",
    source: "ours",
    help: "which checkpoints of a run folder: of the best round or of the last",
  }),
  metrics: flag({
    name: "metrics",
    kind: toggle,
    default: false,
    source: "ours",
    help: "print clinical metrics of each class too, of models on their own client's images",
  }),
  positive: flag<string | null>({
    name: "positive",
    kind: text("CLASS"),
    default: null,
    defaultText: "none",
    source: "ours",
    help:
      "print operating points of this class against the rest, with thresholds chosen on the valid split",
  }),
});

const networkFlags = {
  network: ofCheckpoint(network),
  width: ofCheckpoint(width),
  imageSize: ofCheckpoint(imageSize),
  batchSize: ofCheckpoint(batchSize),
};

/** Flags of `predict`. */
export const predictFlags = { ...networkFlags, ...checkpointOnlyFlags, adapter, tuned, json };

/** Flags of `evaluate`. */
export const evaluateFlags = {
  ...predictFlags,
  ...evaluateOnlyFlags,
  data: ofCheckpoint(data),
  ...{ csvFolder, clients, limit, cache },
};

/** Everything that `predict` can be told. */
export type PredictOptions = OptionsOf<typeof predictFlags>;

/** Everything that `evaluate` can be told. */
export type EvaluateOptions = OptionsOf<typeof evaluateFlags>;
