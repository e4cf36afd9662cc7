// The help: an overview of the commands, and a page for each of them made from its table of flags.

import config from "../../deno.json" with { type: "json" };
import { tableLines } from "../report/table_lines.ts";
import { type Command, commandIn, commands, firstWords } from "./commands.ts";
import type { Flag } from "./flags.ts";
import { didYouMean } from "./nearest_word.ts";
import { UsageError } from "./usage_error.ts";
import { toggle } from "./values.ts";

/**
 * The page of the command that the words begin with, else the overview.
 *
 * @param words as typed: `["data", "prepare", "--out", "x"]`
 * @throws {UsageError} if they begin with no command
 */
export function helpText(words: readonly string[]): string {
  const [first] = words;
  const names = [...firstWords(), "help"];
  if (first !== undefined && !first.startsWith("-") && !names.includes(first)) {
    throw new UsageError(
      `Unknown command ${first}${didYouMean(first, names)}: "help" lists all commands`,
    );
  }
  const name = commandIn(words);
  return name === undefined ? overview() : page(name, commands[name]);
}

function overview(): string {
  const all = Object.entries(commands).map(([name, { summary }]) => [name, summary]);
  const others = [
    ["help COMMAND", "every flag of a command, with its default; so does COMMAND --help"],
    ["--version", "show the versions"],
  ];
  return `PRR-FL on WebGPU: federated learning that does not forget at every communication.

${tableLines(isInstalled() ? installedCalls : ownCalls, "ll").join("\n")}

Commands
${tableLines([...all, ...others], "ll").join("\n")}
`;
}

const ownCalls = [
  ["deno task demo", "compare three methods on the built-in demo data"],
  ["deno task train --data FOLDER --rounds 50", "train on your images"],
  ["deno run -RWE cli.ts COMMAND [FLAGS]", "the same without the check for an adapter"],
];
const installedCalls = [
  [`npx ${config.name} demo`, "compare three methods on the built-in demo data"],
  [`npx ${config.name} train --data FOLDER --rounds 50`, "train on your images"],
  [`npx ${config.name} setup`, "install a software adapter where there is none"],
];

/** Whether this is the npm package's copy of the program. */
function isInstalled(): boolean {
  return /[/\\]node_modules[/\\]/.test(Deno.mainModule);
}

function page(
  name: string,
  { operands = "", summary, details, flags, preset = {} }: Command,
): string {
  const rows = Object.entries(flags as Record<string, Flag<unknown>>).map(([option, flag]) => ({
    topic: flag.topic,
    row: flagRow(flag, option in preset ? preset[option] : undefined),
  }));
  const sections = [...Map.groupBy(rows, ({ topic }) => topic)].map(([topic, members]) =>
    `${topic}\n${tableLines(members.map(({ row }) => row), "ll").join("\n")}\n`
  );
  const usage = [
    `Usage: ${isInstalled() ? `npx ${config.name}` : "cli.ts"}`,
    name,
    operands,
    "[FLAGS]",
  ].filter((part) => part !== "").join(
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
