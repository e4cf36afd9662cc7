// Which models answered, and what they are called on the page.

import type { LabelledRun } from "../report/reading/method_runs.ts";
import type { Opinion } from "./messages.ts";

/** What the clients' models of one method and role answered. */
export interface ModelAnswers {
  /** `PRR-FL, personal, after round 2` */
  readonly name: string;
  readonly run: LabelledRun;
  readonly role: string;
  readonly opinions: readonly Opinion[];
}

/** Opinions by method and role, a method's personal models first. */
export function byModel(
  opinions: readonly Opinion[],
  runs: readonly LabelledRun[],
): ModelAnswers[] {
  return runs.flatMap((run) => {
    const { roles, personalRole } = run.run;
    const ordered = [personalRole, ...roles.filter((role) => role !== personalRole)];
    return ordered.flatMap((role) => {
      const own = opinions.filter((one) => one.method === run.folder && one.role === role);
      if (own.length === 0) return [];
      const model = roles.length > 1 ? `${run.method}, ${role}` : run.method;
      return [{ name: `${model}, after round ${own[0].rounds}`, run, role, opinions: own }];
    });
  });
}

/** A probability in percent, with a decimal where it is near 0 or 1; no line ends before the sign. */
export function chance(probability: number): string {
  const percent = 100 * probability;
  return `${percent.toFixed(percent < 9.95 || percent > 99 && percent < 99.95 ? 1 : 0)}\u00a0%`;
}
