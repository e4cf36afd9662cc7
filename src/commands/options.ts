// From command-line arguments to options, by a table of flags.

import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import type { Setting } from "../report/run_header.ts";
import type { Flag, FlagTable, OptionsOf } from "./flags.ts";
import { didYouMean } from "./nearest_word.ts";
import { UsageError } from "./usage_error.ts";
import { toggle } from "./values.ts";

/** What was typed: the value of each flag given, by option. */
type Given = Map<string, unknown>;

/** What a spelling stands for. */
interface Entry {
  readonly option: string;
  readonly flag: Flag<unknown>;
  /** of a switch, as spelled: false for `--no-…` */
  readonly value: boolean;
}

/** The options that result, and where each of them comes from. */
export interface ResolvedOptions<F extends FlagTable> {
  readonly options: OptionsOf<F>;
  readonly settings: readonly Setting[];
  /** arguments that are no flags */
  readonly operands: readonly string[];
}

/**
 * Reads arguments such as `--lr 1e-2 --image-size=64 --no-shuffle`.
 *
 * @param preset defaults of the command that differ from the table's
 * @param syntax `takesOperands`: whether arguments that are no flags mean something
 * @throws {UsageError} for an unknown flag, a bad, missing or repeated value or a surplus argument
 */
export function resolveOptions<F extends FlagTable>(
  args: readonly string[],
  flags: F,
  preset: Partial<OptionsOf<F>> = {},
  { takesOperands = false } = {},
): ResolvedOptions<F> {
  const { given, operands } = readArguments(args, flags);
  if (operands.length > 0 && !takesOperands) throw surplus(operands[0]);
  const defaults = Object.entries(flags).map(([option, flag]) => [option, flag.default]);
  const options = { ...Object.fromEntries(defaults), ...preset, ...Object.fromEntries(given) };
  const settings = Object.entries(flags).map(([option, { name, source, topic }]): Setting => ({
    name,
    decisive: topic !== "Running",
    value: Array.isArray(options[option]) ? options[option].join(",") : options[option],
    source: given.has(option) ? "flag" : option in preset ? "demo" : source,
  }));
  return { options, settings, operands };
}

/** Splits with Node's parser, whose tokens keep what the messages are about: order, spelling, repetition. */
function readArguments(
  args: readonly string[],
  flags: FlagTable,
): { given: Given; operands: readonly string[] } {
  const spellings = spellingsOf(flags);
  // `deno task train -- --lr 1e-2` hands on the two hyphens that npm would swallow.
  const words = args[0] === "--" ? args.slice(1) : [...args];
  const { tokens } = parseArgs({
    args: words,
    options: parserOptions(spellings),
    strict: false, // its own messages know neither the flags' kinds nor the nearest spelling
    tokens: true,
  });
  const given: Given = new Map();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind !== "option") {
      operands.push(token.kind === "positional" ? token.value : "--");
      continue;
    }
    const { rawName } = token;
    const { option, flag, value: implied } = find(words[token.index], spellings);
    if (given.has(option)) {
      throw new UsageError(`Cannot use ${rawName}: --${flag.name} was given already; keep one`);
    }
    if (flag.kind !== toggle) {
      given.set(option, parseValue(flag, rawName, takeValue(flag, rawName, token)));
    } else if (token.inlineValue) {
      const wish = `write --${flag.name} or --no-${flag.name}`;
      throw new UsageError(`Cannot use ${rawName}=${token.value}: it takes no value; ${wish}`);
    } else given.set(option, implied);
  }
  return { given, operands };
}

/** Every flag by all its spellings, without the leading hyphens; `_` and `-` mean the same. */
function spellingsOf(flags: FlagTable): Map<string, Entry> {
  const spellings = new Map<string, Entry>();
  for (const [option, flag] of Object.entries(flags)) {
    for (const name of [flag.name, ...flag.aliases]) {
      spellings.set(canonical(name), { option, flag, value: true });
      if (flag.kind === toggle) {
        spellings.set(canonical(`no-${name}`), { option, flag, value: false });
      }
    }
  }
  return spellings;
}

/** What the parser has to know: which spellings take a value. */
function parserOptions(spellings: ReadonlyMap<string, Entry>): ParseArgsOptionsConfig {
  const typed = [...spellings].map(([name, { flag }]) =>
    [name, { type: flag.kind === toggle ? "boolean" : "string" }] as const
  );
  return Object.fromEntries(
    typed.flatMap(([name, option]) => [[name, option], [name.replaceAll("-", "_"), option]]),
  );
}

function find(word: string, spellings: ReadonlyMap<string, Entry>): Entry {
  const [written] = word.split("=");
  const name = canonical(written.replace(/^-+/, ""));
  const entry = written.startsWith("--") ? spellings.get(name) : undefined;
  if (entry !== undefined) return entry;
  const known = [...spellings.keys()].map((spelling) => `--${spelling}`);
  const nearest = didYouMean(`--${name}`, known);
  throw new UsageError(
    `Unknown flag ${written}${nearest}: "help COMMAND" lists the flags of a command`,
  );
}

function takeValue(
  flag: Flag<unknown>,
  rawName: string,
  { value, inlineValue }: { value?: string | boolean; inlineValue?: boolean },
): string {
  if (typeof value !== "string" || (!inlineValue && value.startsWith("--"))) {
    throw new UsageError(`Cannot use ${rawName} without a value: expected ${flag.kind.expected}`);
  }
  return value;
}

function parseValue(flag: Flag<unknown>, written: string, text: string): unknown {
  const value = flag.kind.parse(text);
  if (value !== undefined) return value;
  const shown = text === "" ? "an empty value" : text;
  throw new UsageError(`Cannot use ${shown} for ${written}: expected ${flag.kind.expected}`);
}

function surplus(argument: string): UsageError {
  return new UsageError(
    `Surplus argument "${argument}": expected flags only, such as --rounds 50`,
  );
}

function canonical(name: string): string {
  return name.replaceAll("_", "-");
}
