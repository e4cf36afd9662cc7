// The flags of `train` about the training steps.

import { lastBatches } from "../../data/batching.ts";
import { settingBounds } from "../../federated/bounds.ts";
import { defaultConfig, nanActions, optimizers } from "../../federated/config.ts";
import { choice, number, toggle } from "../values.ts";
import { flag, underTopic } from "./flag.ts";

/** Under "Optimization" in the help. */
export const optimizationFlags = underTopic("Optimization", {
  optimizer: flag({
    name: "optim",
    aliases: ["optimizer"],
    kind: choice(optimizers),
    default: defaultConfig.optimizer,
    source: "official",
    help: "SGD or Adam; new in every round unless it is kept",
  }),
  momentum: flag({
    name: "momentum",
    kind: number(settingBounds.momentum),
    default: defaultConfig.momentum,
    source: "official",
    help: "of SGD, as PyTorch has it",
  }),
  nesterov: flag({
    name: "nesterov",
    kind: toggle,
    default: defaultConfig.nesterov,
    source: "official",
    help: "steps with momentum look ahead",
  }),
  keepOptimizer: flag({
    name: "keep-optimizer",
    kind: toggle,
    default: defaultConfig.keepOptimizer,
    source: "official",
    help: "momentum and Adam's means outlive a communication",
  }),
  learningRate: flag({
    name: "lr",
    aliases: ["learning-rate"],
    kind: number(settingBounds.learningRate),
    default: defaultConfig.learningRate,
    source: "official",
    help: "learning rate",
  }),
  learningRateStep: flag({
    name: "lr_step",
    aliases: ["learning-rate-step"],
    kind: number(settingBounds.learningRateStep),
    default: defaultConfig.learningRateStep,
    source: "official",
    help: "rounds after which the learning rate falls",
  }),
  learningRateGamma: flag({
    name: "lr_gamma",
    aliases: ["learning-rate-gamma"],
    kind: number(settingBounds.learningRateGamma),
    default: defaultConfig.learningRateGamma,
    source: "official",
    help: "factor by which it falls",
  }),
  weightDecay: flag({
    name: "wd",
    aliases: ["weight-decay"],
    kind: number(settingBounds.weightDecay),
    default: defaultConfig.weightDecay,
    source: "official",
    help: "weight decay",
  }),
  batchSize: flag({
    name: "batch",
    aliases: ["batch-size"],
    kind: number(settingBounds.batchSize),
    default: defaultConfig.batchSize,
    source: "official",
    help: "images per batch",
  }),
  lastBatch: flag({
    name: "last-batch",
    kind: choice(lastBatches),
    default: defaultConfig.lastBatch,
    source: "ours",
    help:
      "a short last batch: train with it, leave it out, or join a single image to the one before",
  }),
  onNan: flag({
    name: "on-nan",
    kind: choice(nanActions),
    default: defaultConfig.onNan,
    source: "ours",
    help: "if a client diverges: stop, or drop it for the round",
  }),
  seed: flag({
    name: "seed",
    kind: number(settingBounds.seed),
    default: 1,
    source: "official",
    help: "of weights, order of images and augmentation",
  }),
});
