// The runs of one report: found in folders, and grouped by method.

import { join } from "@std/path";
import { recordedText } from "./format.ts";
import {
  communicationsOf,
  metricsFile,
  progressOf,
  readRun,
  type RecordedRun,
} from "./recorded_run.ts";
import { RunFolderError } from "./run_folder_error.ts";

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

const properNames: Readonly<Record<string, string>> = {
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
 * Gives runs their labels, and sorts them: PRR-FL first, then by name and seed. Runs of one method that differ in
 * more than the seed are no repetitions of each other: what differs becomes part of the method's name.
 */
export function labelled(runs: readonly RecordedRun[]): LabelledRun[] {
  const siblings = Map.groupBy(runs, properNameOf);
  const named = runs.map((run) => {
    const name = properNameOf(run);
    const variant = variantOf(run, siblings.get(name)!);
    const { seed } = run.settings;
    return {
      ...run,
      method: variant.length === 0 ? name : `${name} (${variant.join(", ")})`,
      seed: typeof seed === "number" ? seed : null,
    };
  });
  const rank = ({ method }: { method: string }) => method.startsWith(properNames.prrfl) ? 0 : 1;
  named.sort((a, b) =>
    rank(a) - rank(b) || a.method.localeCompare(b.method) || (a.seed ?? 0) - (b.seed ?? 0)
  );
  const uses = new Map<string, number>();
  return named.map((run) => {
    const label = run.seed === null ? run.method : `${run.method}, seed ${run.seed}`;
    const use = (uses.get(label) ?? 0) + 1;
    uses.set(label, use);
    return { ...run, label: use === 1 ? label : `${label} (${use})` };
  });
}

/** What sets a run apart from others of its method: its theme, deciding settings, and not having reached the end. */
function variantOf(run: RecordedRun, siblings: readonly RecordedRun[]): string[] {
  const differs = (of: (run: RecordedRun) => unknown, among: readonly RecordedRun[]) =>
    new Set(among.map((run) => JSON.stringify(of(run)))).size > 1;
  const ofTheme = siblings.filter((other) => themeOf(other) === themeOf(run));
  const names = [...new Set(ofTheme.flatMap(({ decisive }) => decisive))]
    .filter((name) => name !== "seed" && name !== "theme");
  return [
    ...(differs(themeOf, siblings) ? [String(themeOf(run))] : []),
    ...names.filter((name) => differs(({ settings }) => settings[name] ?? null, ofTheme))
      .map((name) => `${name} ${recordedText(run.settings[name])}`),
    ...(communicationsOf(run) === run.run.rounds ? [] : [progressOf(run)]),
  ];
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
  for (const below of folders.sort()) found.push(...await findRuns(below, depth - 1));
  return found;
}

/** As in the name of its folder. */
function themeOf({ settings }: RecordedRun): unknown {
  return settings.theme ?? settings.method;
}

function properNameOf({ settings }: RecordedRun): string {
  const method = settings.method as string;
  return properNames[method] ?? method;
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
