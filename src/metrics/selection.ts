// Which round's models count as the best: the official rule.

/** The best round so far, counted from 0, and its mean validation F1 in percent. */
export interface BestRound {
  /** counted from 0 */
  readonly round: number;
  /** mean validation F1 of the personal models, percent */
  readonly f1: number;
}

/**
 * The first round, counted from 0, that can be the best: the official code looks among the last fifth. There, runs
 * of fewer than five rounds never select any; here the last round counts always.
 */
export function firstSelectable(rounds: number): number {
  return Math.ceil(Math.min(0.8 * rounds, rounds - 1));
}

/**
 * Whether a round is the best so far: of equal ones the first.
 *
 * @param best the one before, null where there is none
 */
export function isBest({ round, f1 }: BestRound, best: BestRound | null, rounds: number): boolean {
  return round >= firstSelectable(rounds) && (best === null || f1 > best.f1);
}

/** Chooses the best of the rounds of a run, as they come. */
export class RoundChoice {
  constructor(private readonly rounds: number, public best: BestRound | null = null) {}

  /** Keeps a round if it is the best so far. */
  improves(candidate: BestRound): boolean {
    if (!isBest(candidate, this.best, this.rounds)) return false;
    this.best = candidate;
    return true;
  }
}
