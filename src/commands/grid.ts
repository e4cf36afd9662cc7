// The values that `compare --grid` tries: settings, each with several values, in all combinations.

import type { Setting } from "../report/run_header.ts";
import type { Flag, FlagTable } from "./flags.ts";
import { canonical, spellingsOf } from "./options.ts";
import { UsageError } from "./usage_error.ts";

/** One combination. */
export interface GridPoint {
  /** values by option */
  readonly options: Readonly<Record<string, unknown>>;
  /** values by the flag's name, as typed: `[["lr", "0.03"]]` */
  readonly typed: readonly (readonly [name: string, text: string])[];
}

/** Topics whose settings every run of a comparison can have its own of; data are read once. */
const topics = ["Method", "Network", "Optimization"];
/** Read once too, and so the same for all runs. */
const readOnce = ["network", "init"];

/**
 * Reads `lr=0.01,0.03;momentum=0,0.9`; without a text there is one point without settings.
 *
 * @throws {UsageError} for an unknown setting, one that is the same for all runs, or a value that it cannot have
 */
export function readGrid(text: string | null, flags: FlagTable): GridPoint[] {
  let points: GridPoint[] = [{ options: {}, typed: [] }];
  const names = new Set<string>();
  for (const axis of text?.split(";") ?? []) {
    const [name, list = ""] = axis.split("=").map((part) => part.trim());
    const [option, flag] = settingOf(name, flags);
    if (names.has(option)) {
      throw new UsageError(`Cannot use --grid ${text}: ${name} is there twice; keep one`);
    }
    names.add(option);
    const values = list.split(",").map((word) => ({
      word: word.trim(),
      value: valueOf(flag, word),
    }));
    const again = values.find(({ value }, k) => values.findIndex((v) => v.value === value) < k);
    if (again) {
      throw new UsageError(`Cannot use --grid ${text}: ${name} ${again.word} is there twice`);
    }
    points = points.flatMap((point) =>
      values.map(({ word, value }) => ({
        options: { ...point.options, [option]: value },
        typed: [...point.typed, [flag.name, word] as const],
      }))
    );
  }
  return points;
}

/** `lr0.01-momentum0.9`: part of the name of a run's folder; empty without settings. */
export function gridLabel({ typed }: GridPoint): string {
  return typed.map(([name, text]) => `-${name}${text.replaceAll(/[^\w.+-]/g, "_")}`).join("");
}

/** The settings of one run: those of the point in place of the comparison's. */
export function withPoint(settings: readonly Setting[], { options, typed }: GridPoint): Setting[] {
  const values = Object.values(options);
  return settings.map((setting) => {
    const index = typed.findIndex(([name]) => name === setting.name);
    if (index < 0) return setting;
    return { ...setting, value: values[index] as Setting["value"], source: "flag" };
  });
}

function settingOf(name: string, flags: FlagTable): [option: string, flag: Flag<unknown>] {
  const found = spellingsOf(flags).get(canonical(name));
  const mayDiffer = found?.value && topics.includes(found.flag.topic) &&
    !readOnce.includes(found.option);
  if (mayDiffer) return [found.option, found.flag];
  throw new UsageError(
    found
      ? `Cannot use --grid ${name}=…: it is the same for all runs of a comparison`
      : `Cannot use --grid ${name}=…: there is no such setting; write as in --grid lr=0.01,0.03`,
  );
}

function valueOf(flag: Flag<unknown>, word: string): unknown {
  const text = word.trim();
  const value = flag.kind.placeholder === ""
    ? ({ true: true, false: false } as Record<string, unknown>)[text]
    : flag.kind.parse(text);
  if (value !== undefined) return value;
  const wish = flag.kind.placeholder === "" ? "true or false" : flag.kind.expected;
  throw new UsageError(`Cannot use --grid ${flag.name}=${text}: expected ${wish}`);
}
