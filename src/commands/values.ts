// The kinds of value that a flag can have: how each is read, and how it is explained.

import { type Bounds, describeBounds, isWithin } from "../federated/bounds.ts";
import { nameBytes } from "../io/file_name.ts";

/** How the text after a flag becomes a value. */
export interface ValueKind<T> {
  /** stands for the value in the help: `N` */
  readonly placeholder: string;
  /** completes "expected …" */
  readonly expected: string;
  /** undefined where the text is no such value */
  readonly parse: (text: string) => T | undefined;
  /** what the flag means without a value; where there is none, it has to be given one */
  readonly implied?: string;
}

/** A switch: `--flag` is true, `--no-flag` false, and neither takes a value. */
export const toggle: ValueKind<boolean> = {
  placeholder: "",
  expected: "no value",
  parse: () => undefined,
};

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A number within bounds. */
export function number(bounds: Bounds = {}): ValueKind<number> {
  return {
    placeholder: bounds.whole ? "N" : "X",
    expected: describeBounds(bounds),
    parse: (text) => {
      const value = decimal.test(text) ? Number(text) : NaN;
      return isWithin(value, bounds) ? value : undefined;
    },
  };
}

/** A whole number within bounds. */
export function integer(bounds: Bounds): ValueKind<number> {
  return number({ ...bounds, whole: true });
}

/** One of a few words, in any case and with or without hyphens; where they are many, `placeholder` keeps the help narrow. */
export function choice<T extends string>(
  choices: readonly T[],
  placeholder = choices.join("|"),
): ValueKind<T> {
  return {
    placeholder,
    expected: choices.join(", ").replace(/, (?=[^,]*$)/, " or "),
    parse: (text) => choices.find((word) => plain(word) === plain(text)),
  };
}

/** Whether a text is the path of a module, which is told from a name by its ending. */
export function isModulePath(text: string): boolean {
  return /\.[cm]?[jt]s$/.test(text);
}

/** A value of `kind`, or the path of a module that has one of your own. */
export function orModule(kind: ValueKind<string>): ValueKind<string> {
  return {
    placeholder: kind.placeholder,
    expected: `${kind.expected}, or a module such as ./mine.ts`,
    parse: (text) => isModulePath(text) ? text : kind.parse(text),
  };
}

/** "PRR-FL" and "prrfl", "skip_client" and "skip-client" are the same word. */
function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, "");
}

/** A value of `kind`, or one word that means something else. */
export function orWord<T, W extends string>(kind: ValueKind<T>, word: W): ValueKind<T | W> {
  return {
    placeholder: `${kind.placeholder}|${word}`,
    expected: `${kind.expected}, or ${word}`,
    parse: (text) => text === word ? word : kind.parse(text),
  };
}

/** A port of this computer, or without a value one that is free. */
export const port: ValueKind<number> = {
  ...integer({ min: 0, max: 65_535 }),
  placeholder: "[PORT]",
  implied: "0",
};

/** Any text that is not empty, such as a path. */
export function text(placeholder: string): ValueKind<string> {
  return { placeholder, expected: "some text", parse: (text) => text === "" ? undefined : text };
}

/** Names separated by commas. */
export function names(placeholder: string): ValueKind<readonly string[]> {
  return {
    placeholder,
    expected: `different names separated by commas, such as ${placeholder}`,
    parse: (text) => {
      const list = text.split(",").map((name) => name.trim());
      return list.includes("") || new Set(list).size < list.length ? undefined : list;
    },
  };
}

/** Different values of one kind, separated by commas. */
export function several<T>(kind: ValueKind<T>, placeholder: string): ValueKind<readonly T[]> {
  return {
    placeholder,
    expected: `different values separated by commas, such as ${placeholder}, each ${kind.expected}`,
    parse: (text) => {
      const values = text.split(",").map((part) => kind.parse(part.trim()));
      const list = values.filter((value) => value !== undefined);
      return list.length < values.length || new Set(list).size < list.length ? undefined : list;
    },
  };
}

/** Shares of a whole, given in any unit: `7,1,2` are 0.7, 0.1 and 0.2. */
export function shares(example: readonly [number, number, number]): ValueKind<Shares> {
  const placeholder = example.join(",");
  return {
    placeholder,
    expected: `${example.length} numbers above 0 separated by commas, such as ${placeholder}`,
    parse: (text) => {
      const numbers = text.split(",").map((part) => number({ above: 0 }).parse(part.trim()));
      if (numbers.length !== example.length) return undefined;
      const [first, second, third] = numbers;
      if (first === undefined || second === undefined || third === undefined) return undefined;
      const sum = first + second + third;
      const shares: Shares = [first / sum, second / sum, third / sum];
      return shares.includes(0) ? undefined : shares; // of numbers too far apart, or with an infinite sum
    },
  };
}

type Shares = readonly [number, number, number];

/** Bytes of a part of a file's name: with the rest of it there have to be 255 at most. */
const mostPartBytes = 128;

/** Text that can stand in the name of a file. */
export function fileNamePart(placeholder: string): ValueKind<string> {
  return {
    placeholder,
    expected: `letters, digits, dots, hyphens and underscores, at most ${mostPartBytes} bytes`,
    parse: (text) =>
      /^[\p{L}\p{N}._-]+$/u.test(text) && nameBytes(text) <= mostPartBytes ? text : undefined,
  };
}
