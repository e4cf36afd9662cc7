// Which round validation chose, where it was looked for, and whether a better one was passed by.

import { type BestRound, firstSelectable } from "../../metrics/selection.ts";
import { change, percent } from "../format.ts";
import type { RecordedHistory } from "./progress.ts";

/** All that is known of the choice. */
export interface Choice {
  /** null where no round that counts is over */
  readonly chosen: BestRound | null;
  /** of all rounds, also those that do not count; the chosen one if none is better; null before the first is over */
  readonly bestOfAll: BestRound | null;
}

/** Reads the choice from the rounds that are over. */
export function choiceOf({ run, rows }: RecordedHistory): Choice {
  const ends = rows.filter((row) => row.type === "aggregation").map((row) => ({
    round: row.round,
    f1: row.valid[run.personalRole].f1,
    selected: row.selected,
  }));
  const chosen = ends.findLast(({ selected }) => selected) ?? null;
  const bestOfAll = ends.reduce<BestRound | null>(
    (best, end) => best === null || end.f1 > best.f1 ? end : best,
    chosen,
  );
  return { chosen, bestOfAll };
}

/** "among rounds 41–50, the official rule": where the best round is looked for. */
export function windowWords(rounds: number): string {
  const first = firstSelectable(rounds) + 1;
  return `${
    first === rounds ? `in round ${rounds} alone` : `among rounds ${first}–${rounds}`
  }, the official rule`;
}

/** "6, by validation F1 40.1 in round 6 alone, the official rule". */
export function chosenText(history: RecordedHistory): string {
  const { chosen } = choiceOf(history);
  const words = windowWords(history.run.rounds);
  if (chosen === null) return `none yet: looked for ${words}`;
  return `${chosen.round + 1}, by validation F1 ${percent(chosen.f1)} ${words}`;
}

/** What speaks for a round that does not count; null if it is not better than the one that was chosen. */
export function passedByText(history: RecordedHistory): string | null {
  const { chosen, bestOfAll } = choiceOf(history);
  if (chosen === null || bestOfAll === null || bestOfAll.f1 <= chosen.f1) return null;
  return `round ${bestOfAll.round + 1} had more (${percent(bestOfAll.f1)}, ${
    change(bestOfAll.f1 - chosen.f1)
  }), but is not looked at`;
}
