// From command-line arguments to options, by a table of flags.

import * as untyped from "@std/cli/parse-args";
import type { Setting } from "../report/run_header.ts";
import type { Flag, FlagTable, OptionsOf } from "./flags.ts";
import { foreignFlags } from "./foreign_flags.ts";
import { didYouMean } from "./nearest_word.ts";
import { UsageError } from "./usage_error.ts";
import { toggle } from "./values.ts";

/** `parseArgs` of Deno's standard library, whose npm package carries no types. */
const { parseArgs } = untyped as unknown as {
  parseArgs(args: readonly string[], options: {
    readonly string: readonly string[];
    readonly boolean: readonly string[];
    /** may be given more than once: their values are lists */
    readonly collect: readonly string[];
    /** what follows two hyphens stands apart */
    readonly "--": true;
    /** `key` is undefined for operands */
    unknown(word: string, key?: string): void;
  }): { _: string[]; "--": string[] } & Record<string, readonly (string | boolean)[]>;
};

/** What was typed: the value of each flag given, by option. */
type Given = Map<string, unknown>;

/** What a spelling stands for. */
export interface Spelling {
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

function readArguments(
  args: readonly string[],
  flags: FlagTable,
): { given: Given; operands: readonly string[] } {
  const spellings = spellingsOf(flags);
  // `deno task train -- --lr 1e-2` hands on the two hyphens that npm would swallow.
  const words = args[0] === "--" ? args.slice(1) : args;
  const names = [...spellings].flatMap(([name, { flag }]) =>
    [...new Set([name, name.replaceAll("-", "_")])].map((name) => ({ name, flag }))
  );
  const isToggle = ({ flag }: { flag: Flag<unknown> }) => flag.kind === toggle;
  const toggles = names.filter(isToggle).map(({ name }) => name);
  const valued = names.filter((entry) => !isToggle(entry)).map(({ name }) => name);
  const { _: operands, "--": rest, ...parsed } = parseArgs(withValues(words, spellings), {
    string: ["_", ...valued],
    boolean: toggles,
    collect: [...valued, ...toggles],
    "--": true,
    unknown: (word, key) => {
      if (key !== undefined) throw unknownFlag(word, spellings);
    },
  });
  const given: Given = new Map();
  for (const [name, values] of Object.entries(parsed)) {
    for (const value of values) {
      const { option, flag, value: implied } = spellings.get(canonical(name))!;
      if (given.has(option)) {
        throw new UsageError(`Cannot use --${name}: --${flag.name} was given already; keep one`);
      }
      const isSwitch = flag.kind === toggle;
      given.set(option, isSwitch ? implied === value : parseValue(flag, `--${name}`, `${value}`));
    }
  }
  return { given, operands: words.includes("--") ? [...operands, "--", ...rest] : operands };
}

/** Every flag with its value in one word, for `-1` after a flag is no flag; what has none or too much is refused. */
function withValues(
  words: readonly string[],
  spellings: ReadonlyMap<string, Spelling>,
): readonly string[] {
  const joined: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index];
    if (word === "--") return [...joined, ...words.slice(index)];
    const [written, ...inline] = word.split("=");
    const flag = written.startsWith("--")
      ? spellings.get(canonical(written.slice(2)))?.flag
      : undefined;
    if (flag === undefined) joined.push(word);
    else if (flag.kind === toggle) {
      if (inline.length > 0) {
        const wish = `write --${flag.name} or --no-${flag.name}`;
        throw new UsageError(`Cannot use ${word}: it takes no value; ${wish}`);
      }
      joined.push(word);
    } else if (inline.length > 0) joined.push(word);
    else {
      const next = words[index + 1];
      const isMissing = next === undefined || next.startsWith("--");
      if (isMissing && flag.kind.implied !== undefined) {
        joined.push(`${written}=${flag.kind.implied}`);
        continue;
      }
      index++;
      if (isMissing) {
        throw new UsageError(
          `Cannot use ${written} without a value: expected ${flag.kind.expected}`,
        );
      }
      joined.push(`${written}=${next}`);
    }
  }
  return joined;
}

/** Every flag by all its spellings, without the leading hyphens; `_` and `-` mean the same. */
export function spellingsOf(flags: FlagTable): Map<string, Spelling> {
  const spellings = new Map<string, Spelling>();
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

function unknownFlag(word: string, spellings: ReadonlyMap<string, Spelling>): UsageError {
  const [written] = word.split("=");
  const name = canonical(written.replace(/^-+/, ""));
  const known = [...spellings.keys()].map((spelling) => `--${spelling}`);
  const hint = foreignFlags.get(name)?.find(({ flag }) => flag === null || spellings.has(flag));
  if (hint !== undefined) return new UsageError(`Unknown flag ${written}: ${hint.text}`);
  const nearest = didYouMean(`--${name}`, known);
  return new UsageError(
    `Unknown flag ${written}${nearest}: "help COMMAND" lists the flags of a command`,
  );
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

/** A spelling as `spellingsOf()` has it. */
export function canonical(name: string): string {
  return name.replaceAll("_", "-");
}
