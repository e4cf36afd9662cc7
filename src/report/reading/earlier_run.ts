// A run that was stopped, read so that it can go on: its newest state, and what had been told by then.

import { join } from "@std/path";
import { readPlainFile } from "../../io/files.ts";
import { metricsFile, readRows } from "./recorded_run.ts";
import type { EarlierEvent } from "./recorded_rows.ts";
import { readRunConfig, type RunConfig } from "../files/run_config.ts";
import { RunFolderError } from "../run_folder_error.ts";
import { type Refusal, StateFiles, type UsableState } from "../files/state_files.ts";
import { Owned } from "../../owned.ts";

/** Everything needed to go on. It holds the folder against other processes. */
export interface EarlierRun extends UsableState {
  readonly config: RunConfig;
  readonly states: StateFiles;
  /** until the state */
  readonly events: readonly EarlierEvent[];
}

/** Whether the run in a folder has reached its end, page and all. */
export function isFinished({ status }: RunConfig): boolean {
  return status.state === "done";
}

/** @throws {RunFolderError} if the folder holds no run or a finished one */
export async function readUnfinishedConfig(folder: string): Promise<RunConfig> {
  const config = await readRunConfig(folder);
  if (isFinished(config)) {
    throw new RunFolderError(
      `Cannot resume ${folder}: the run is finished; start another one for more rounds`,
    );
  }
  return config;
}

/**
 * @param refuse as of `StateFiles.read()`
 * @throws {RunFolderError} if the folder holds no run, no usable state, a finished run, or one that is being trained
 */
export async function readEarlierRun(
  folder: string,
  refuse: Refusal = () => null,
): Promise<EarlierRun> {
  const config = await readUnfinishedConfig(folder);
  using owned = new Owned();
  const states = owned.use(await StateFiles.claim(folder));
  const usable = await states.read(refuse);
  const path = join(folder, metricsFile);
  const bytes = (await readPlainFile(path)).subarray(0, usable.stored.lengths[metricsFile]);
  const { rows } = readRows(new TextDecoder().decode(bytes), path);
  const events = rows.filter((row) =>
    row.type !== "run" && row.type !== "stage" && row.type !== "done"
  );
  owned.move();
  return { ...usable, config, states, events };
}
