// The flags of `train` about the method: rounds, what it is told, and who takes part.

import { clientWeightings, defaultConfig, methods } from "../../federated/config.ts";
import { choice, integer, number } from "../values.ts";
import { flag, type FlagTable } from "./flag.ts";

/** Under "Method" in the help. */
export const methodFlags = {
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
} satisfies FlagTable;
