// What determined a run, as it is stored in config.json and printed as the first row of --json.

import { join } from "@std/path";
import { RunFolderError } from "./run_folder_error.ts";
import type { RunHeader, Setting } from "./run_header.ts";

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
    const config = JSON.parse(await Deno.readTextFile(path));
    const { settings, adapter } = config;
    if (typeof settings?.method !== "string" || typeof adapter !== "string") {
      throw new SyntaxError();
    }
    // Of which older runs lack some.
    const { status = {}, decisive = Object.keys(settings), flags = [], versions = {} } = config;
    return { ...config, status, decisive, flags, versions };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new RunFolderError(`Cannot read ${path}: it does not exist; name the folder of a run`);
    }
    if (!(error instanceof SyntaxError)) throw error;
    throw new RunFolderError(
      `Cannot read ${path}: it is not the settings of a run as the command train writes them`,
    );
  }
}
