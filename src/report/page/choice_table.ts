// The table of the chosen rounds: which one each run's result is of, and what a wider search would have found.

import { choiceOf, windowWords } from "../reading/chosen_round.ts";
import { percent } from "../format.ts";
import type { LabelledRun } from "../reading/method_runs.ts";
import { type BestRound, firstSelectable } from "../../metrics/selection.ts";
import type { Table } from "./tables.ts";

/** A row for each run that has finished a round; null where none has. */
export function choiceTable(runs: readonly LabelledRun[]): Table | null {
  const choices = runs.map((run) => ({ run, ...choiceOf(run) }))
    .filter(({ bestOfAll }) => bestOfAll !== null);
  if (choices.length === 0) return null;
  return {
    caption:
      "The chosen round has the highest mean validation F1 (%) of the personal models among the rounds that " +
      "are looked at; beside it the best of all rounds",
    head: ["Run", "Looked for", "Chosen", "Validation F1", "Best of all", "Validation F1"],
    rows: choices.map(({ run, chosen, bestOfAll }) => {
      const [best, f1] = words(bestOfAll);
      const isPassedBy = bestOfAll!.round < firstSelectable(run.run.rounds);
      const shown = isPassedBy ? `${best}, not looked at` : best;
      return [run.label, windowWords(run.run.rounds), ...words(chosen), shown, f1]
        .map((text) => ({ text }));
    }),
  };
}

function words(best: BestRound | null): [round: string, f1: string] {
  return best === null ? ["none yet", "n/a"] : [`round ${best.round + 1}`, percent(best.f1)];
}
