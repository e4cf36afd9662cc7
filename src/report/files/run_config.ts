// What determined a run, as it is stored in config.json and printed as the first row of --json.

import { join } from "@std/path";
import { readPlainText } from "../../io/files.ts";
import { isListOfTexts, isRecord } from "../../io/json.ts";
import { RunFolderError } from "../run_folder_error.ts";
import type { RunHeader, Setting } from "../run_header.ts";

/** The contents of config.json. */
export interface RunConfig {
  /** how the run is going: one that was killed says "running" for ever */
  readonly status: Readonly<Record<string, unknown>>;
  readonly command: readonly string[];
  readonly settings: Readonly<Record<string, Setting["value"]>>;
  /** names of the settings that the numbers depend on */
  readonly decisive: readonly string[];
  /** names of the settings that were given as flags */
  readonly flags: readonly string[];
  readonly adapter: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** The command line, every setting, adapter and versions. */
export function runConfig(
  { command, settings, adapter, versions }: RunHeader,
): Omit<RunConfig, "status"> {
  return {
    command,
    settings: Object.fromEntries(settings.map(({ name, value }) => [name, value])),
    decisive: settings.filter(({ decisive }) => decisive).map(({ name }) => name),
    flags: settings.filter(({ source }) => source === "flag").map(({ name }) => name),
    adapter,
    versions,
  };
}

/** @throws {RunFolderError} if the file is missing or is not what a run writes */
export async function readRunConfig(folder: string): Promise<RunConfig> {
  const path = join(folder, "config.json");
  try {
    return parseRunConfig(await readPlainText(path), path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new RunFolderError(`Cannot read ${path}: it does not exist; name the folder of a run`);
  }
}

/** @throws {RunFolderError} if the text is not what a run writes */
export function parseRunConfig(text: string, path: string): RunConfig {
  const config = parse(text);
  if (config !== null) return config;
  throw new RunFolderError(
    `Cannot read ${path}: it is not the settings of a run as the command train writes them`,
  );
}

function parse(text: string): RunConfig | null {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(config) || !isRecord(config.settings)) return null;
  // Of which older runs lack some.
  const { settings, adapter, command = [], status = {}, flags = [], versions = {} } = config;
  const { decisive = Object.keys(settings) } = config;
  const isConfig = typeof settings.method === "string" && typeof adapter === "string" &&
    Object.values(settings).every(isSettingValue) && isRecord(status) && isRecord(versions) &&
    [command, decisive, flags, Object.values(versions)].every(isListOfTexts);
  if (!isConfig) return null;
  return { ...config, command, status, decisive, flags, versions } as unknown as RunConfig;
}

function isSettingValue(value: unknown): value is Setting["value"] {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}
