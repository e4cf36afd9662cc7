// The runs of one report: found in folders.

import { join } from "@std/path";
import { runOrder } from "../files/comparison_plan.ts";
import { metricsFile, readRun, type RecordedRun } from "./recorded_run.ts";
import { RunFolderError } from "../run_folder_error.ts";
import { labelled, type LabelledRun } from "./method_runs.ts";

/** A comparison is a folder of folders of runs at most. */
const mostDepth = 2;

/**
 * Reads all runs in these folders, each of which is a run folder or has some below it.
 *
 * @throws {RunFolderError} if one has none, a run cannot be read, or the runs have different clients
 */
export async function readRuns(folders: readonly string[]): Promise<LabelledRun[]> {
  const found = new Set<string>();
  for (const folder of folders) {
    const paths = await findRuns(folder, mostDepth);
    if (paths.length === 0) {
      throw new RunFolderError(
        `Cannot report ${folder}: neither it nor a folder in it holds ${metricsFile}; ` +
          "name the folder of a run",
      );
    }
    for (const path of paths) found.add(await Deno.realPath(path));
  }
  const runs: RecordedRun[] = [];
  for (const path of found) runs.push(await readRun(path));
  expectSameClients(runs);
  return labelled(runs);
}

async function findRuns(folder: string, depth: number): Promise<string[]> {
  const names: string[] = [];
  const folders: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      names.push(name);
      if (isDirectory) folders.push(join(folder, name));
    }
  } catch (error) {
    const known = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    if (!known) throw error;
    throw new RunFolderError(`Cannot report ${folder}: there is no such folder; name a run's`);
  }
  if (names.includes(metricsFile)) return [folder];
  if (depth === 0) return [];
  const found: string[] = [];
  const inOrder = await runOrder(folder, folders.sort(byNumber));
  for (const below of inOrder) found.push(...await findRuns(below, depth - 1));
  return found;
}

/** `seed2` before `seed10`. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

function expectSameClients(runs: readonly RecordedRun[]): void {
  const clientsOf = ({ run }: RecordedRun) => run.clients.map(({ name }) => name).join(", ");
  const [first] = runs;
  const other = runs.find((run) => clientsOf(run) !== clientsOf(first));
  if (other === undefined) return;
  throw new RunFolderError(
    `Cannot report runs of different clients together: ${first.folder} has ${clientsOf(first)} ` +
      `but ${other.folder} has ${clientsOf(other)}; report them one by one`,
  );
}
