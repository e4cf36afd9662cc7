// A run that goes on: its settings are those that it began with, and no flag may say otherwise.

import { join } from "@std/path";
import {
  type EarlierRun,
  readEarlierRun,
  readUnfinishedConfig,
} from "../report/reading/earlier_run.ts";
import { whyNotResumable } from "../federated/recovery/state.ts";
import { kernelsText } from "../ops/kernel_choice.ts";
import { settingText } from "../report/format.ts";
import type { RunConfig } from "../report/files/run_config.ts";
import { RunFolderError } from "../report/run_folder_error.ts";
import type { RunHeader, Setting } from "../report/run_header.ts";
import { moduleOptions } from "./absolute_paths.ts";
import { oneLine } from "./expected_error.ts";
import { type Flag, trainFlags, type TrainOptions } from "./flags.ts";
import type { ResolvedOptions } from "./options.ts";
import { UsageError } from "./usage_error.ts";
import { isModulePath, toggle } from "./values.ts";

type Resolved = ResolvedOptions<typeof trainFlags>;

/** How this process shows the run; the folder says nothing about it. */
const ofProcess: readonly (keyof TrainOptions)[] = [
  "resume",
  "configFile",
  "profile",
  "live",
  "json",
  "quiet",
];
/**
 * Flags that may be given anew, for they change no numbers that are there already. Data may lie elsewhere by now;
 * whether they are the same, their fingerprints tell.
 */
const changeable = [
  ...ofProcess,
  ...["data", "csvFolder"],
  ...["adapter", "tuned", "parallelClients", "memoryLimit", "cache", "checkpointEvery", "onNan"],
];

/** A module may lie elsewhere by now; whether it makes the same, the state tells. */
function isOfModule({ value }: Setting): boolean {
  return typeof value === "string" && isModulePath(value);
}

/**
 * Opens the run of `--resume`, and merges the flags given now with its settings.
 *
 * @param flags all that the run's method has
 * @throws {UsageError} if a flag says something else than the run began with
 * @throws {RunFolderError} if the folder holds nothing to go on with
 */
export async function resumeRun(
  folder: string,
  given: Resolved,
  flags: typeof trainFlags,
): Promise<Pick<Resolved, "options" | "settings"> & { readonly earlier: EarlierRun }> {
  const config = await readUnfinishedConfig(folder);
  const options: Record<string, unknown> = {};
  let hasOtherLimit = false;
  const differing: { readonly now: string; readonly then: string }[] = [];
  const settings = Object.entries(flags).map(([option, flag]): Setting => {
    const now = given.settings.find(({ name }) => name === flag.name)!;
    const then = settingOf(flag, config);
    const isGiven = now.source === "flag";
    const mayChange = changeable.some((name) => name === option) ||
      moduleOptions.some((name) => name === option) && [now, then].every(isOfModule);
    if (isGiven && !mayChange && now.value !== then.value) {
      differing.push({ now: `--${typed(flag, now.value)}`, then: typed(flag, then.value) });
    }
    const fromNow = isGiven && mayChange || ofProcess.some((name) => name === option);
    options[option] = fromNow
      ? given.options[option as keyof TrainOptions]
      : valueOf(flag, then, folder);
    if (option === "memoryLimit") hasOtherLimit = fromNow && now.value !== then.value;
    return fromNow ? now : then;
  });
  if (differing.length > 0) {
    throw new UsageError(
      `Cannot use ${differing.map(({ now }) => now).join(", ")} with --resume: the run in ` +
        `${folder} has ${differing.map(({ then }) => then).join(", ")}; leave that out, or ` +
        "start another run",
    );
  }
  const merged = options as TrainOptions;
  const earlier = await readEarlierRun(
    folder,
    (state) =>
      hasOtherLimit && state.position.at === "step" ? regrouped : whyNotResumable(state, merged),
  );
  return { options: merged, settings, earlier };
}

/** Why a state within a local epoch cannot be used under another memory limit: that limit may change the groups of clients. */
const regrouped =
  "was taken within a local epoch, of which the number of parallel clients has to stay";

/** As on the command line, without hyphens: `lr 0.01`, `no-shuffle`. */
function typed(flag: Flag<unknown>, value: Setting["value"]): string {
  if (typeof value === "boolean") return value ? flag.name : `no-${flag.name}`;
  return `${flag.name} ${value === null ? `(${flag.defaultText})` : settingText(value)}`;
}

/** A setting as config.json has it. Runs of before the flag existed had what is now the default. */
function settingOf(flag: Flag<unknown>, { settings, flags }: RunConfig): Setting {
  const { name, topic, default: initial } = flag;
  const value = Object.hasOwn(settings, name) ? settings[name] : initial as Setting["value"];
  const source = flags.includes(name) ? "flag" : value === initial ? flag.source : "demo";
  return { name, value, decisive: topic !== "Running", source };
}

/** The value that the setting stands for: lists, for one, are stored as text. */
function valueOf(flag: Flag<unknown>, { name, value }: Setting, folder: string): unknown {
  if (value === null || flag.kind === toggle && typeof value === "boolean") return value;
  const parsed = flag.kind.parse(String(value));
  if (parsed !== undefined) return parsed;
  throw new RunFolderError(
    `Cannot resume ${folder}: ${join(folder, "config.json")} has ${name} ${value} where ` +
      `${flag.kind.expected} is expected`,
  );
}

/** Kernels have a version where they were measured. */
function versionIn(versions: RunHeader["versions"], name: string): string {
  return versions[name] || (name === "kernels" ? kernelsText(new Map()) : "unknown");
}

/** Says on standard error why the rest of a run may differ from what it would have been. */
export function showNotices(
  { config, stored, notice }: EarlierRun,
  { adapter, versions }: RunHeader,
): void {
  const then = {
    ...config.versions,
    kernels: stored.state.kernels || config.versions.kernels || "",
  };
  const differing = [
    ...(adapter === config.adapter ? [] : [`adapter ${config.adapter}, now ${adapter}`]),
    ...Object.keys({ ...then, ...versions })
      .filter((name) => versionIn(then, name) !== versionIn(versions, name))
      .map((name) => `${name} ${versionIn(then, name)}, now ${versionIn(versions, name)}`),
  ];
  const notices = [
    ...(notice === null ? [] : [notice]),
    ...differing.map((what) => `until here the run had ${what}: the last digits may differ`),
  ];
  for (const text of notices) console.error(`note: ${oneLine(text)}`);
}
