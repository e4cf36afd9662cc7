// The help: an overview of the commands, and a page for each of them made from its table of flags.

import { tableLines } from "../report/format.ts";
import { evaluateFlags, predictFlags } from "./checkpoint_flags.ts";
import { inspectFlags, prepareFlags, synthesizeFlags } from "./data_flags.ts";
import {
  compareFlags,
  demoPreset,
  type Flag,
  type FlagTable,
  infoFlags,
  reportFlags,
  trainFlags,
} from "./flags.ts";
import { didYouMean } from "./nearest_word.ts";
import { UsageError } from "./usage_error.ts";
import { toggle } from "./values.ts";

/** What is said of one command. */
interface CommandHelp {
  /** what goes behind its name */
  readonly operands?: string;
  /** one line, in the overview too */
  readonly summary: string;
  /** whole lines */
  readonly details?: string;
  readonly flags: FlagTable;
  /** defaults that differ from the table's */
  readonly preset?: Readonly<Record<string, unknown>>;
}

/** By the words that call the command. */
export const commandHelp: Readonly<Record<string, CommandHelp>> = {
  train: {
    summary: "train every client and write a run folder; the default command where flags follow",
    details:
      "The official flags keep their names: --theme prrfl --iters 50 --wk_iters 5 --network vgg_nb …",
    flags: trainFlags,
  },
  compare: {
    summary: "train with several methods and seeds on the same data, and make one report",
    details:
      "Every run starts from the same weights and sees the same batches. A comparison that was stopped goes on\n" +
      "with --resume FOLDER, and nothing else but --quiet.",
    flags: compareFlags,
  },
  demo: {
    summary: "compare on built-in data, at a size that ends within minutes",
    flags: compareFlags,
    preset: demoPreset,
  },
  report: {
    operands: "FOLDER…",
    summary: "make page and pictures of the runs in these folders",
    flags: reportFlags,
  },
  evaluate: {
    operands: "RUN_OR_CHECKPOINT…",
    summary: "models of runs, or those in files, on every client's images",
    details:
      "Network, data and their size are those of the checkpoints unless flags say otherwise.",
    flags: evaluateFlags,
  },
  predict: {
    operands: "RUN_OR_CHECKPOINT… IMAGE_OR_FOLDER…",
    summary: "class probabilities of images; of several checkpoints also the mean",
    flags: predictFlags,
  },
  "data inspect": {
    summary: "count the images, look for duplicates and shared lesions, draw some images",
    flags: inspectFlags,
  },
  "data prepare": {
    summary: "make a folder for --data from HAM10000, ISIC, MedMNIST or your own images",
    details: "This alone divides images among clients; train reads folders that are divided.",
    flags: prepareFlags,
  },
  "data synthesize": {
    summary: "write the demo data as a folder for --data",
    flags: synthesizeFlags,
    preset: { imageSize: demoPreset.imageSize },
  },
  info: { summary: "show the WebGPU adapter, and what to install", flags: infoFlags },
};

/**
 * The page of the command that the words begin with, else the overview.
 *
 * @param words as typed: `["data", "prepare", "--out", "x"]`
 * @throws {UsageError} if they begin with no command
 */
export function helpText(words: readonly string[]): string {
  const [first] = words;
  const names = [...Object.keys(commandHelp), "help"];
  if (
    first !== undefined && !first.startsWith("-") &&
    !names.some((name) => name.split(" ")[0] === first)
  ) {
    throw new UsageError(
      `Unknown command ${first}${didYouMean(first, names)}: "help" lists all commands`,
    );
  }
  const name = Object.keys(commandHelp).find((name) =>
    name.split(" ").every((word, index) => words[index] === word)
  );
  return name === undefined ? overview() : page(name, commandHelp[name]);
}

function overview(): string {
  const commands = Object.entries(commandHelp).map(([name, { summary }]) => [name, summary]);
  const others = [
    ["help COMMAND", "every flag of a command, with its default; so does COMMAND --help"],
    ["--version", "show the versions"],
  ];
  return `PRR-FL on WebGPU: federated learning that does not forget at every communication.

  deno task demo                              compare three methods on the built-in demo data
  deno task train --data FOLDER --rounds 50   train on your images
  deno run -RWE cli.ts COMMAND [FLAGS]        the same without the check for an adapter

Commands
${tableLines([...commands, ...others], "ll").join("\n")}
`;
}

function page(name: string, help: CommandHelp): string {
  const { operands = "", summary, details, flags, preset = {} } = help;
  const rows = Object.entries(flags as Record<string, Flag<unknown>>).map(([option, flag]) => ({
    topic: flag.topic,
    row: flagRow(flag, option in preset ? preset[option] : undefined),
  }));
  const sections = [...Map.groupBy(rows, ({ topic }) => topic)].map(([topic, members]) =>
    `${topic}\n${tableLines(members.map(({ row }) => row), "ll").join("\n")}\n`
  );
  const usage = ["Usage: cli.ts", name, operands, "[FLAGS]"].filter((part) => part !== "").join(
    " ",
  );
  return [
    `${usage}\n\n${summary[0].toUpperCase()}${summary.slice(1)}.\n${
      details === undefined ? "" : `${details}\n`
    }`,
    ...sections,
    conclusion,
  ].join("\n");
}

const conclusion =
  `Each line ends with the default and its source: "official" is what the authors' PyTorch code does,
"ours" was chosen here. Write --lr 0.01 or --lr=0.01, and _ or - inside a name.`;

/** @param preset the command's own default; undefined where it is the table's */
function flagRow(flag: Flag<unknown>, preset: unknown): string[] {
  const source = preset === undefined ? flag.source : "ours";
  return [spelling(flag), `${flag.help} (${preset ?? defaultText(flag)}, ${source})`];
}

function spelling({ name, aliases, kind, default: initial }: Flag<unknown>): string {
  if (kind === toggle) return initial ? `--${name}, --no-${name}` : `--${name}`;
  return `${[name, ...aliases].map((word) => `--${word}`).join(", ")} ${kind.placeholder}`;
}

function defaultText(flag: Flag<unknown>): string {
  if (flag.kind === toggle) return flag.default ? "on" : "off";
  return flag.defaultText ?? String(flag.default);
}
