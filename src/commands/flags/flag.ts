// What a flag of a command is, and the options that a table of flags sets.

import type { ValueKind } from "../values.ts";

/** One flag: how it is spelled, read and explained, and what holds where it is not given. */
export interface Flag<T> {
  /** without hyphens; `_` and `-` mean the same on the command line */
  readonly name: string;
  /** further spellings */
  readonly aliases: readonly string[];
  readonly kind: ValueKind<T>;
  readonly default: T;
  /** the default in words, where the value does not speak for itself */
  readonly defaultText?: string;
  /** whose the default is: the official PRR-FL code's or this program's */
  readonly source: "official" | "ours";
  /** heading in the help */
  readonly topic: string;
  readonly help: string;
}

/** Flags by the name of the option they set. */
// deno-lint-ignore no-explicit-any
export type FlagTable = Readonly<Record<string, Flag<any>>>;

/** The options that a table of flags sets. */
export type OptionsOf<F extends FlagTable> = {
  readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never;
};

/** A flag before it stands under a topic. */
type Untitled<T> = Omit<Flag<T>, "topic">;

/** A table entry with its value type; most flags have one spelling. */
export function flag<T>(
  spec: Omit<Untitled<T>, "aliases"> & { readonly aliases?: readonly string[] },
): Untitled<T> {
  return { aliases: [], ...spec };
}

/** A table of flags that stand under one heading in the help. */
// deno-lint-ignore no-explicit-any
export function underTopic<F extends Readonly<Record<string, Untitled<any>>>>(
  topic: string,
  flags: F,
): { readonly [K in keyof F]: F[K] & { readonly topic: string } } {
  const entries = Object.entries(flags).map(([option, flag]) => [option, { ...flag, topic }]);
  return Object.fromEntries(entries);
}
