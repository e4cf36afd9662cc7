// What determined a run, as it is stored in config.json and printed as the first row of --json.

import { join } from "@std/path";
import * as v from "valibot";
import { readPlainText } from "../../io/files.ts";
import { object, record, text, texts } from "../../io/schema.ts";
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

const setting = v.nullable(v.union([v.string(), v.number(), v.boolean()]));

/** In the order in which they are written; of which older runs lack some. */
const schema = v.pipe(
  object({
    command: v.optional(texts, []),
    settings: v.pipe(
      record(setting),
      v.check(({ method }) => typeof method === "string"),
    ),
    decisive: v.optional(texts),
    flags: v.optional(texts, []),
    adapter: text,
    versions: v.optional(record(text), {}),
    status: v.optional(record(v.unknown()), {}),
  }),
  v.transform((config) => ({
    ...config,
    decisive: config.decisive ?? Object.keys(config.settings),
  })),
);

function parse(text: string): RunConfig | null {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    return null;
  }
  const result = v.safeParse(schema, config);
  return result.success ? result.output : null;
}
