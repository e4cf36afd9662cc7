// The commands: what each is for, its flags, and where it is; loaded when needed, for help needs no engine.

import { evaluateFlags, predictFlags } from "./checkpoint_flags.ts";
import { inspectFlags, prepareFlags, synthesizeFlags } from "./data_flags.ts";
import {
  compareFlags,
  demoPreset,
  type FlagTable,
  infoFlags,
  reportFlags,
  trainFlags,
  tuneFlags,
} from "./flags.ts";
import { siteEvaluateFlags, siteInitFlags, siteStatusFlags, siteTrainFlags } from "./flags/site.ts";
import { didYouMean } from "./nearest_word.ts";
import { UsageError } from "./usage_error.ts";

/** One command. */
export interface Command {
  /** what goes behind its name */
  readonly operands?: string;
  /** one line, in the overview too */
  readonly summary: string;
  /** whole lines */
  readonly details?: string;
  readonly flags: FlagTable;
  /** defaults that differ from the table's */
  readonly preset?: Readonly<Record<string, unknown>>;
  /** @param args what follows the name */
  readonly run: (args: readonly string[], signal: AbortSignal) => Promise<void>;
}

/** By the words that call the command. */
export const commands: Readonly<Record<string, Command>> = {
  train: {
    summary: "train every client and write a run folder; the default command where flags follow",
    details:
      "The official flags keep their names: --theme prrfl --iters 50 --wk_iters 5 --network vgg_nb …",
    flags: trainFlags,
    run: async (args, signal) => (await import("./train.ts")).train(args, signal),
  },
  compare: {
    summary: "train with several methods and seeds on the same data, and make one report",
    details:
      "Every run starts from the same weights and sees the same batches. A comparison that was stopped goes on\n" +
      "with --resume FOLDER, and nothing else but --quiet.",
    flags: compareFlags,
    run: async (args, signal) => (await import("./compare.ts")).compare("compare", args, signal),
  },
  demo: {
    summary: "compare on built-in data, at a size that ends within minutes",
    flags: compareFlags,
    preset: demoPreset,
    run: async (args, signal) => (await import("./compare.ts")).compare("demo", args, signal),
  },
  report: {
    operands: "FOLDER…",
    summary: "make page and pictures of the runs in these folders",
    flags: reportFlags,
    run: async (args) => (await import("./report.ts")).report(args),
  },
  evaluate: {
    operands: "RUN_OR_CHECKPOINT…",
    summary: "models of runs, or those in files, on every client's images",
    details:
      "Network, data and their size are those of the checkpoints unless flags say otherwise.",
    flags: evaluateFlags,
    run: async (args, signal) => (await import("./evaluate.ts")).evaluate(args, signal),
  },
  predict: {
    operands: "RUN_OR_CHECKPOINT… IMAGE_OR_FOLDER…",
    summary: "class probabilities of images; of several checkpoints also the mean",
    flags: predictFlags,
    run: async (args, signal) => (await import("./predict.ts")).predict(args, signal),
  },
  "data inspect": {
    summary: "count the images, look for duplicates and shared lesions, draw some images",
    flags: inspectFlags,
    run: async (args, signal) => (await import("./inspect.ts")).inspect(args, signal),
  },
  "data prepare": {
    summary: "make a folder for --data from HAM10000, ISIC, MedMNIST or your own images",
    details: "This alone divides images among clients; train reads folders that are divided.",
    flags: prepareFlags,
    run: async (args, signal) => (await import("./prepare.ts")).prepare(args, signal),
  },
  "data synthesize": {
    summary: "write the demo data as a folder for --data",
    flags: synthesizeFlags,
    preset: { imageSize: demoPreset.imageSize },
    run: async (args, signal) => (await import("./synthesize.ts")).synthesize(args, signal),
  },
  "site init": {
    summary: "make one hospital's client, whose federation is elsewhere",
    details:
      "A site keeps images, models and all that normalizes them in its --state folder. What it sends and takes are\n" +
      "files, which Flower or anything else carries: see docs/flower.md. Every action prints one line of JSON.",
    flags: siteInitFlags,
    run: async (args, signal) => (await import("./site/init.ts")).siteInit(args, signal),
  },
  "site train": {
    summary: "train one round at a site, and write what it sends",
    details:
      "Round 0 needs no mean; every other one takes that of the round before, if evaluate has not done so.",
    flags: siteTrainFlags,
    run: async (args, signal) => (await import("./site/train.ts")).siteTrain(args, signal),
  },
  "site evaluate": {
    summary: "take the mean of a round at a site, and test what it made of the models",
    flags: siteEvaluateFlags,
    run: async (args, signal) => (await import("./site/evaluate.ts")).siteEvaluate(args, signal),
  },
  "site status": {
    summary: "how far a site has got, and what comes next",
    flags: siteStatusFlags,
    run: async (args) => (await import("./site/status.ts")).siteStatus(args),
  },
  tune: {
    summary: "measure which kernels are fastest for a network on this adapter, and keep that",
    details:
      "What is kept holds for one network, image size and batch size; train, compare, evaluate and predict use it.",
    flags: tuneFlags,
    run: async (args, signal) => (await import("./tune.ts")).tune(args, signal),
  },
  info: {
    summary: "show the WebGPU adapter, and what to install",
    flags: infoFlags,
    run: async (args) => (await import("./info.ts")).info(args),
  },
};

/** The name of the command that the words begin with, of one word or two; undefined if there is none. */
export function commandIn(words: readonly string[]): string | undefined {
  return Object.keys(commands).find((name) =>
    name.split(" ").every((word, index) => words[index] === word)
  );
}

/**
 * Runs what the words say; flags alone mean `train`.
 *
 * @throws {UsageError} if they begin with no command; and what the command throws
 */
export async function runCommand(typed: readonly string[], signal: AbortSignal): Promise<void> {
  const words = typed[0].startsWith("-") ? ["train", ...typed] : typed;
  const name = commandIn(words);
  if (name === undefined) throw unknown(words);
  await commands[name].run(words.slice(name.split(" ").length), signal);
}

function unknown([name, action = ""]: readonly string[]): UsageError {
  const actions = Object.keys(commands).filter((known) => known.startsWith(`${name} `))
    .map((known) => known.slice(name.length + 1));
  if (actions.length === 0) {
    return new UsageError(
      `Unknown command ${name}${didYouMean(name, [...firstWords(), "help"])}: ` +
        '"help" lists all commands',
    );
  }
  const mistake = action === "" || action.startsWith("-") ? "without an action" : action;
  return new UsageError(
    `Cannot use ${name} ${mistake}${didYouMean(action, actions)}: write ${name} ${
      actions.join(` or ${name} `)
    }`,
  );
}

/** Of all commands, such as `data`. */
export function firstWords(): string[] {
  return [...new Set(Object.keys(commands).map((name) => name.split(" ")[0]))];
}
