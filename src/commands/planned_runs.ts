// The runs of a comparison: every method with every seed and every point of the grid.

import type { FederatedMethod } from "../federated/methods/method.ts";
import { type MethodName, methodOf } from "../federated/methods/registry.ts";
import type { PlannedRun as ShownRun } from "../report/terminal/comparison_console.ts";
import type { CompareOptions } from "./flags.ts";
import { gridLabel, type GridPoint } from "./grid.ts";
import { methodLabel } from "./own_modules.ts";
import { UsageError } from "./usage_error.ts";

/** One run of a comparison; `method` is what it is called. */
export interface PlannedRun extends ShownRun {
  /** the method as typed: a name or a path */
  readonly text: string;
  readonly point: GridPoint;
  /** the comparison's, with what the point sets differently */
  readonly options: CompareOptions;
}

/**
 * All methods and settings with one seed, then with the next: what is done early can be compared.
 *
 * @throws {UsageError} if a run would be taken for another one, which is stored under the same name
 */
export function plannedRuns(
  options: CompareOptions,
  methods: ReadonlyMap<string, MethodName | FederatedMethod>,
  points: readonly GridPoint[],
): PlannedRun[] {
  const runs = options.seeds.flatMap((seed) =>
    [...methods].flatMap(([text, own]) =>
      points.map((point) => {
        const ofRun = { ...options, ...point.options };
        return {
          ...{ text, seed, point, options: ofRun },
          method: methodLabel(text) + gridLabel(point),
          cost: costOf(methodOf(own), ofRun),
        };
      })
    )
  );
  expectOwnFolders(runs);
  return runs;
}

/** What its folder is called. */
export function folderOf(
  { method, seed }: { readonly method: string; readonly seed: number },
): string {
  return `${method}-seed${seed}`;
}

function expectOwnFolders(runs: readonly PlannedRun[]): void {
  const texts = new Map<string, string>();
  for (const run of runs) {
    const folder = folderOf(run);
    const other = texts.get(folder);
    if (other !== undefined) {
      const both = other === run.text ? `two runs of ${other}` : `${other} and ${run.text}`;
      throw new UsageError(
        `Cannot compare ${both}: both would be stored as ${folder}; ` +
          (other === run.text ? "leave one out" : "give one file another name"),
      );
    }
    texts.set(folder, run.text);
  }
}

/** How long a run takes: by its epochs and models, and by the evaluations that decide DET's stages. */
function costOf(
  { roles, beforeEpoch }: FederatedMethod,
  { rounds, localEpochs }: Pick<CompareOptions, "rounds" | "localEpochs">,
): number {
  return rounds * localEpochs * roles.length * (beforeEpoch?.evaluates(localEpochs) ? 4 / 3 : 1);
}
