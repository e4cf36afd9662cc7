// The settings of `--config`: a config.json of a run, or an object of settings by the names of the flags.

import { readPlainText } from "../io/files.ts";
import { isRecord } from "../io/json.ts";
import { didYouMean } from "./nearest_word.ts";
import type { Flag, FlagTable } from "./flags.ts";
import { canonical, spellingsOf } from "./options.ts";
import { UsageError } from "./usage_error.ts";

/** What a process does for itself, and files of it say nothing about another one. */
const ofProcess = ["resume", "config", "live", "json", "quiet", "profile", "theme"];

/**
 * The settings of a file as words of a command line; `null` stands for the default.
 *
 * @throws {UsageError} if it cannot be read or holds no settings
 */
export async function wordsOf(path: string): Promise<string[]> {
  const settings = await readSettings(path);
  return Object.entries(settings).flatMap(([name, value]) => {
    if (ofProcess.includes(name) || value === null) return [];
    if (isSettingValue(value)) return [wordOf(name, value)];
    throw new UsageError(
      `Cannot use --config ${path}: ${name} is ${JSON.stringify(value)}, expected a text, a ` +
        "number, true, false or null",
    );
  });
}

function isSettingValue(value: unknown): value is string | number | boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

/** A setting as it is typed. */
export function wordOf(name: string, value: string | number | boolean): string {
  if (typeof value === "boolean") return value ? `--${name}` : `--no-${name}`;
  return `--${name}=${value}`;
}

/**
 * Words of a file before those that were typed, which win.
 *
 * @param preset defaults of the command that differ from the table's
 * @throws {UsageError} for a setting that the command does not have
 */
export function withWords(
  path: string,
  words: readonly string[],
  typed: readonly string[],
  flags: FlagTable,
  preset: Readonly<Record<string, unknown>> = {},
): string[] {
  const spellings = spellingsOf(flags);
  const find = (word: string) =>
    word.startsWith("--") ? spellings.get(canonical(word.slice(2).split("=")[0])) : undefined;
  const given = new Set(typed.map((word) => find(word)?.flag));
  const kept = words.filter((word) => {
    const found = find(word);
    if (found) {
      const { flag, option } = found;
      const initial = Object.hasOwn(preset, option) ? preset[option] : flag.default;
      return !given.has(flag) && !isUnused(flag, word, initial);
    }
    const [name] = word.replace(/^--/, "").split("=");
    const hint = didYouMean(canonical(name), [...spellings.keys()]);
    throw new UsageError(`Cannot use --config ${path}: there is no setting "${name}"${hint}`);
  });
  return [...kept, ...typed];
}

/** A file has the settings of all methods: those that another one needs stay at their defaults. */
function isUnused({ topic }: Flag<unknown>, word: string, initial: unknown): boolean {
  return topic === "Method" && word.slice(word.indexOf("=") + 1) === String(initial);
}

async function readSettings(path: string): Promise<Record<string, unknown>> {
  let content: unknown;
  try {
    content = JSON.parse(await readPlainText(path));
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : error instanceof SyntaxError
      ? `it is no JSON (${error.message})`
      : null;
    if (reason === null) throw error;
    throw new UsageError(`Cannot use --config ${path}: ${reason}`);
  }
  const settings = isRecord(content) && isRecord(content.settings) ? content.settings : content;
  if (isRecord(settings)) return settings;
  throw new UsageError(`Cannot use --config ${path}: it holds no settings by their names`);
}
