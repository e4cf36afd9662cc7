// Every flag that takes numbers: at, below and beyond the ends of its range, and what is no number.

import { inspectFlags, prepareFlags, synthesizeFlags } from "../../src/commands/data_flags.ts";
import { compareFlags, type Flag, type FlagTable, trainFlags } from "../../src/commands/flags.ts";
import { resolveOptions } from "../../src/commands/options.ts";
import type { InputCase } from "./case.ts";

const tables: readonly FlagTable[] = [
  trainFlags,
  compareFlags,
  inspectFlags,
  prepareFlags,
  synthesizeFlags,
];

/** Texts that are no number for any flag, however they may look. */
const strangers = ["NaN", "Infinity", "-Infinity", "1e999", "abc", "null", "0x10", "1_000", "1e"]
  .concat(["1 2", "１", "٣", "1.2.3", "--", "+", "."]);

/** A flag's range: what it takes up to both ends, and what lies outside. */
interface Range {
  readonly takes: readonly string[];
  readonly refuses: readonly string[];
}

const count: Range = { takes: ["1", "9007199254740991"], refuses: ["0", "-1", "1.5", "1e16"] };
const above0: Range = { takes: ["5e-324", "1e308"], refuses: ["0", "-0", "-1e-9", "1e-400"] };
const atLeast0: Range = { takes: ["0", "1e308"], refuses: ["-1e-9", "-1"] };
const seed: Range = { takes: ["0", "4294967295"], refuses: ["-1", "4294967296", "0.5"] };
const images: Range = { takes: ["20", "1000000"], refuses: ["19", "0", "-20", "1000001", "20.5"] };

/** By the flags' names. */
export const ranges: Readonly<Record<string, Range>> = {
  "iters": count,
  "wk_iters": count,
  "l_rate": { takes: ["0", "1", "5e-324"], refuses: ["-1e-9", "1.0000001", "2"] },
  "alpha1": atLeast0,
  "alpha2": atLeast0,
  "mu": atLeast0,
  "server-lr": above0,
  "fml-alpha": { takes: ["0", "1"], refuses: ["-1e-9", "1.0000001"] },
  "fml-beta": { takes: ["0", "1"], refuses: ["-1e-9", "1.0000001"] },
  "participation": { takes: ["5e-324", "1"], refuses: ["0", "1.0000001", "-1"] },
  "dropout": { takes: ["0", "0.9999999"], refuses: ["1", "-1e-9", "1.5"] },
  "width": { takes: ["0.03125", "1e308"], refuses: ["0.0312", "0", "-1"] },
  "momentum": { takes: ["0", "0.9999999"], refuses: ["1", "-1e-9", "1.5"] },
  "lr": above0,
  "lr_step": count,
  "lr_gamma": above0,
  "wd": atLeast0,
  "batch": { takes: ["2", "2147483647"], refuses: ["1", "0", "-2", "2.5", "2147483648"] },
  "seed": seed,
  "seeds": { takes: ["0,4294967295"], refuses: ["1,-1", "1,1", "1,,2", "1,4294967296"] },
  "image-size": { takes: ["1", "33", "1024"], refuses: ["0", "1025", "32.5", "-32", "1e9"] },
  "limit": count,
  "parallel-clients": count,
  "memory-limit": count,
  "eval-every": count,
  "partition-clients": { takes: ["1", "1000"], refuses: ["0", "1001", "-1", "1.5"] },
  "alpha": { takes: ["1e-6", "1e308"], refuses: ["0", "9e-7", "5e-324", "-1"] },
  "split": {
    takes: ["7,1,2", "1e-9,1,1"],
    refuses: ["7,1", "7,1,2,3", "0,1,1", "1,1,-1", "1e308,1e308,1", "5e-324,1,9e9"],
  },
  "live": { takes: ["0", "65535"], refuses: ["-1", "65536", "80.5"] },
  "train-size": images,
  "valid-size": images,
  "test-size": images,
};

function optionOf(name: string, value: string): unknown {
  const table = tables.find((table) => Object.values(table).some((flag) => flag.name === name))!;
  const [option] = Object.entries(table).find(([, flag]) => flag.name === name)!;
  return resolveOptions([`--${name}=${value}`], table).options[option];
}

export const flagCases: readonly InputCase[] = [
  {
    what: "every flag that takes numbers",
    use: () => {
      const isNumeric = ({ kind }: Flag<unknown>) =>
        ["0", "1", "32", "1,2,3"].some((text) => kind.parse(text) !== undefined) &&
        kind.parse("x") === undefined;
      const numeric = tables.flatMap((table) => Object.values(table)).filter(isNumeric)
        .map(({ name }) => name);
      return [...new Set(numeric)].toSorted();
    },
    accepted: Object.keys(ranges).toSorted(),
  },
  ...Object.entries(ranges).flatMap(([name, { takes, refuses }]) => [
    ...takes.map((value): InputCase => ({
      what: `--${name}=${value}`,
      use: () => JSON.stringify(optionOf(name, value)) !== undefined,
      accepted: true,
    })),
    ...["", ...refuses, ...strangers].map((value): InputCase => ({
      what: `--${name}=${value}`,
      use: () => optionOf(name, value),
      refused: [`Cannot use ${value || "an empty value"} for --${name}: expected`],
    })),
    {
      what: `--${name} twice`,
      use: () => {
        const [value] = takes;
        const table = tables.find((flags) =>
          Object.values(flags).some((flag) => flag.name === name)
        )!;
        return resolveOptions([`--${name}`, value, `--${name}=${value}`], table);
      },
      refused: [`--${name} was given already; keep one`],
    } satisfies InputCase,
  ]),
];
