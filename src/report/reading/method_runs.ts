// What runs are called beside each other, and which of them are repetitions of one method.

import { grouped } from "../../maps.ts";
import type { RecordedRun } from "./recorded_run.ts";
import { resultAt } from "./result_views.ts";
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

/** Runs by method, in the order in which the methods first come. */
export function byMethod(runs: readonly LabelledRun[]): MethodRuns[] {
  return [...grouped(runs, ({ method }) => method)]
    .map(([method, members]) => ({ method, runs: members }));
}

/**
 * Gives runs their labels, in the order given. Runs of one method that differ in more than the seed are no repetitions
 * of each other: what differs becomes part of the method's name. Of runs that differ in nothing only the first stays,
 * with a notice about the others, for equal seeds count once.
 */
export function labelled(runs: readonly RecordedRun[]): LabelledRun[] {
  const siblings = grouped(runs, properNameOf);
  const named = runs.map((run) => {
    const name = properNameOf(run);
    const variant = variantOf(run, siblings.get(name)!);
    const method = variant.length === 0 ? name : `${name} (${variant.join(", ")})`;
    const seed = typeof run.settings.seed === "number" ? run.settings.seed : null;
    return { ...run, method, seed, label: seed === null ? method : `${method}, seed ${seed}` };
  });
  return [...grouped(named, ({ label }) => label).values()].flatMap((same) =>
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
    const isSameName = lastName(run.folder) === lastName(first.folder);
    const [left, kept] = [run, first].map(({ folder }) => isSameName ? folder : lastName(folder));
    const other = result(run) === result(first) ? "" : ", although its results differ";
    return `Run ${left} repeats run ${kept} (${first.label}) and is left out${other}: equal seeds count once.`;
  });
  return { ...first, notices: [...first.notices, ...notices] };
}

/** A module of one's own that says no title is called by its file's name. */
function properNameOf({ settings, run }: RecordedRun): string {
  const method = settings.method as string;
  return run.title ?? olderTitles[method] ?? lastName(method).replace(/\.[cm]?[jt]s$/, "");
}

/** Of a path, wherever it is from. */
export function lastName(path: string): string {
  return path.split(/[\\/]/).at(-1)!;
}
