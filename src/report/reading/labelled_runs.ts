// The runs of one report: found in folders, and grouped by method.

import { basename, join } from "@std/path";
import { runOrder } from "../files/comparison_plan.ts";
import { metricsFile, readRun, type RecordedRun } from "./recorded_run.ts";
import { resultAt } from "./result_views.ts";
import { RunFolderError } from "../run_folder_error.ts";
import { variantOf } from "./variants.ts";

/** A run and what it is called beside others. */
export interface LabelledRun extends RecordedRun {
  /** `PRR-FL`, or `PRR-FL (lr 0.1)` beside others; runs with the same one differ in nothing but the seed */
  readonly method: string;
  readonly seed: number | null;
  /** `PRR-FL, seed 1`, different for every run */
  readonly label: string;
}

/** All seeds of one method. */
export interface MethodRuns {
  readonly method: string;
  readonly runs: readonly LabelledRun[];
}

/** Of runs made before the method's title was told in their first row. */
const olderTitles: Readonly<Record<string, string>> = {
  prrfl: "PRR-FL",
  det: "DET",
  pfa: "PFA",
  fml: "FML",
  fedavg: "FedAvg",
  fedprox: "FedProx",
  fedbn: "FedBN",
  silobn: "SiloBN",
  local: "Local",
};

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

/** Runs by method, in the order in which the methods first come. */
export function byMethod(runs: readonly LabelledRun[]): MethodRuns[] {
  return [...Map.groupBy(runs, ({ method }) => method)]
    .map(([method, members]) => ({ method, runs: members }));
}

/**
 * Gives runs their labels, in the order given. Runs of one method that differ in more than the seed are no repetitions
 * of each other: what differs becomes part of the method's name. Of runs that differ in nothing only the first stays,
 * with a notice about the others, for equal seeds count once.
 */
export function labelled(runs: readonly RecordedRun[]): LabelledRun[] {
  const siblings = Map.groupBy(runs, properNameOf);
  const named = runs.map((run) => {
    const name = properNameOf(run);
    const variant = variantOf(run, siblings.get(name)!);
    const method = variant.length === 0 ? name : `${name} (${variant.join(", ")})`;
    const seed = typeof run.settings.seed === "number" ? run.settings.seed : null;
    return { ...run, method, seed, label: seed === null ? method : `${method}, seed ${seed}` };
  });
  return [...Map.groupBy(named, ({ label }) => label).values()].flatMap((same) =>
    same[0].seed === null ? numbered(same) : [onlyFirst(same)]
  );
}

/** Without seeds nobody knows whether they are repetitions or copies. */
function numbered(runs: readonly LabelledRun[]): LabelledRun[] {
  return runs.map((run, index) =>
    index === 0 ? run : { ...run, label: `${run.label} (${index + 1})` }
  );
}

function onlyFirst([first, ...repeated]: readonly LabelledRun[]): LabelledRun {
  const result = (run: LabelledRun) => JSON.stringify(resultAt(run, "after"));
  const notices = repeated.map((run) => {
    const isSameName = basename(run.folder) === basename(first.folder);
    const [left, kept] = [run, first].map(({ folder }) => isSameName ? folder : basename(folder));
    const other = result(run) === result(first) ? "" : ", although its results differ";
    return `Run ${left} repeats run ${kept} (${first.label}) and is left out${other}: equal seeds count once.`;
  });
  return { ...first, notices: [...first.notices, ...notices] };
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

/** A module of one's own that says no title is called by its file's name. */
function properNameOf({ settings, run }: RecordedRun): string {
  const method = settings.method as string;
  return run.title ?? olderTitles[method] ?? basename(method).replace(/\.[cm]?[jt]s$/, "");
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
