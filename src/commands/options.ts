// From command-line arguments to options, by a table of flags.

import type { Setting } from "../report/run_header.ts";
import type { Flag, FlagTable, OptionsOf } from "./flags.ts";
import { didYouMean } from "./nearest_word.ts";
import { UsageError } from "./usage_error.ts";
import { toggle } from "./values.ts";

/** What was typed: the value of each flag given, by option. */
type Given = Map<string, unknown>;

/** A flag with the option it sets. */
interface Entry {
  readonly option: string;
  readonly flag: Flag<unknown>;
}

/** The options that result, and where each of them comes from. */
export interface ResolvedOptions<F extends FlagTable> {
  readonly options: OptionsOf<F>;
  readonly settings: readonly Setting[];
}

/**
 * Reads arguments such as `--lr 1e-2 --image-size=64 --no-shuffle`.
 *
 * A parser for any program (`parseArgs` of Deno's standard library) would lose what the messages
 * are about: it takes `-1` in `--width -1` for a flag, and sees neither a flag given twice nor one
 * without its value.
 *
 * @param preset defaults of the command that differ from the table's
 * @throws {UsageError} for an unknown flag, a bad, missing or repeated value or a surplus argument
 */
export function resolveOptions<F extends FlagTable>(
  args: readonly string[],
  flags: F,
  preset: Partial<OptionsOf<F>> = {},
): ResolvedOptions<F> {
  const given = readArguments(args, flags);
  const defaults = Object.entries(flags).map(([option, flag]) => [option, flag.default]);
  const options = { ...Object.fromEntries(defaults), ...preset, ...Object.fromEntries(given) };
  const settings = Object.entries(flags).map(([option, { name }]): Setting => ({
    name,
    value: Array.isArray(options[option]) ? options[option].join(",") : options[option],
    source: given.has(option) ? "flag" : "default",
  }));
  return { options, settings };
}

function readArguments(args: readonly string[], flags: FlagTable): Given {
  const spellings = spellingsOf(flags);
  const given: Given = new Map();
  // `deno task train -- --lr 1e-2` hands on the two hyphens that npm would swallow.
  const rest = args[0] === "--" ? args.slice(1) : [...args];
  while (rest.length > 0) {
    const argument = rest.shift()!;
    if (!argument.startsWith("-")) throw surplus(argument);
    const [written, attached] = splitOnce(argument, "=");
    const { option, flag, negated } = find(written, spellings);
    if (given.has(option)) {
      throw new UsageError(`Cannot use ${written}: ${flagName(flag)} was given already; keep one`);
    }
    if (flag.kind !== toggle) {
      given.set(option, parseValue(flag, written, attached ?? takeValue(flag, written, rest)));
    } else if (attached === undefined) {
      given.set(option, !negated);
    } else {
      const wish = `write ${flagName(flag)} or --no-${flag.name}`;
      throw new UsageError(`Cannot use ${argument}: it takes no value; ${wish}`);
    }
  }
  return given;
}

/** All spellings, without the leading hyphens and with `-` for `_`. */
function spellingsOf(flags: FlagTable): Map<string, Entry> {
  return new Map(
    Object.entries(flags).flatMap(([option, flag]) =>
      [flag.name, ...flag.aliases].map((name) => [canonical(name), { option, flag }] as const)
    ),
  );
}

function find(written: string, spellings: Map<string, Entry>): Entry & { negated: boolean } {
  const name = canonical(written);
  if (written.startsWith("--")) {
    const entry = spellings.get(name);
    if (entry !== undefined) return { ...entry, negated: false };
    const opposite = name.startsWith("no-") ? spellings.get(name.slice(3)) : undefined;
    if (opposite?.flag.kind === toggle) return { ...opposite, negated: true };
  }
  const words = [...spellings.keys()].map((spelling) => `--${spelling}`);
  throw new UsageError(
    `Unknown flag ${written}${didYouMean(`--${name}`, words)}: the command "help" lists all flags`,
  );
}

function takeValue(flag: Flag<unknown>, written: string, rest: string[]): string {
  const value = rest.shift();
  if (value === undefined || value.startsWith("--")) {
    throw new UsageError(`Cannot use ${written} without a value: expected ${flag.kind.expected}`);
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
  return name.replace(/^-+/, "").replaceAll("_", "-");
}

function flagName(flag: Flag<unknown>): string {
  return `--${flag.name}`;
}

function splitOnce(text: string, separator: string): [string, string?] {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + separator.length)];
}
