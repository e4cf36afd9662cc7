// The table of the chosen rounds: which one each run's result is of, and what a wider search would have found.

import { choiceOf, windowWords } from "./chosen_round.ts";
import { percent } from "./format.ts";
import type { LabelledRun } from "./labelled_runs.ts";
import type { BestRound } from "../metrics/selection.ts";
import type { Table } from "./tables.ts";

/** A row for each run that has finished a round; null where none has. */
export function choiceTable(runs: readonly LabelledRun[]): Table | null {
  const choices = runs.map((run) => ({ run, ...choiceOf(run) }))
    .filter(({ bestOfAll }) => bestOfAll !== null);
  if (choices.length === 0) return null;
  return {
    caption:
      "The chosen round: the highest mean validation F1 (%) of the personal models, and of all rounds, " +
      "whether they are looked at or not, the best",
    head: ["Run", "Looked for", "Chosen", "Validation F1", "Best of all", "Validation F1"],
    rows: choices.map(({ run, chosen, bestOfAll }) =>
      [run.label, windowWords(run.run.rounds), ...words(chosen), ...words(bestOfAll)]
        .map((text) => ({ text }))
    ),
  };
}

function words(best: BestRound | null): [round: string, f1: string] {
  return best === null ? ["none yet", "n/a"] : [`round ${best.round + 1}`, percent(best.f1)];
}
