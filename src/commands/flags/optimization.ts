// The flags of `train` about the training steps.

import { lastBatches } from "../../data/batching.ts";
import { defaultConfig, nanActions, optimizers } from "../../federated/config.ts";
import { choice, integer, number, toggle } from "../values.ts";
import { flag, type FlagTable } from "./flag.ts";

/** Under "Optimization" in the help. */
export const optimizationFlags = {
  optimizer: flag({
    name: "optim",
    aliases: ["optimizer"],
    kind: choice(optimizers),
    default: defaultConfig.optimizer,
    source: "official",
    topic: "Optimization",
    help: "SGD or Adam; new in every round unless it is kept",
  }),
  momentum: flag({
    name: "momentum",
    kind: number({ min: 0, below: 1 }),
    default: defaultConfig.momentum,
    source: "official",
    topic: "Optimization",
    help: "of SGD, as PyTorch has it",
  }),
  nesterov: flag({
    name: "nesterov",
    kind: toggle,
    default: defaultConfig.nesterov,
    source: "official",
    topic: "Optimization",
    help: "steps with momentum look ahead",
  }),
  keepOptimizer: flag({
    name: "keep-optimizer",
    kind: toggle,
    default: defaultConfig.keepOptimizer,
    source: "official",
    topic: "Optimization",
    help: "momentum and Adam's means outlive a communication",
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
  lastBatch: flag({
    name: "last-batch",
    kind: choice(lastBatches),
    default: defaultConfig.lastBatch,
    source: "ours",
    topic: "Optimization",
    help:
      "a short last batch: train with it, leave it out, or join a single image to the one before",
  }),
  onNan: flag({
    name: "on-nan",
    kind: choice(nanActions),
    default: defaultConfig.onNan,
    source: "ours",
    topic: "Optimization",
    help: "if a client diverges: stop, or drop it for the round",
  }),
  seed: flag({
    name: "seed",
    kind: integer({ min: 0, max: 2 ** 32 - 1 }),
    default: 1,
    source: "official",
    topic: "Optimization",
    help: "of weights, order of images and augmentation",
  }),
} satisfies FlagTable;
