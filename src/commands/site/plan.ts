// What a site does when it is asked to train or to evaluate a round: it depends on how far it has got.

import { epochsOver, type Position } from "../../federated/recovery/position.ts";
import type { SimulationState } from "../../federated/recovery/state.ts";
import { UsageError } from "../usage_error.ts";

/** How far a site has got. Rounds count from 0. */
export interface Standing {
  /** the round under way, or the next one; of a finished site as many as there are */
  readonly round: number;
  /** what comes next of it: (the rest of) its training, its communication, or the evaluation after that */
  readonly next: "train" | "take" | "evaluate";
}

/** What all rounds have in common. */
export interface Course {
  readonly rounds: number;
  readonly localEpochs: number;
  /** whether a site that has not trained in a round takes its mean all the same */
  readonly takesAlways: boolean;
}

/** From where a site goes on, or that it has nothing to do. */
export type Plan =
  /** it was done before: told again */
  | { readonly kind: "repeat" }
  | {
    readonly kind: "go";
    /** where it goes on: its own state, or where the others are by now */
    readonly from: Position | "state";
    /** the round whose mean it takes on the way; null: none */
    readonly takes: number | null;
  };

/** @param position of its newest state; null: it has none yet; "done" if its run is finished */
export function standingOf(position: Position | "done" | null, course: Course): Standing {
  if (position === null) return { round: 0, next: "train" };
  if (position === "done") return { round: course.rounds, next: "train" };
  const { round } = position;
  if (position.at === "communication") return { round, next: "evaluate" };
  const isTrained = epochsOver(position, course.localEpochs) === course.localEpochs;
  return { round, next: isTrained ? "take" : "train" };
}

/**
 * How a site gets to the end of a round's training.
 *
 * @param hasSent whether it still has what it sent in that round
 * @throws {UsageError} for a round that is over, or that there is not
 */
export function planTraining(
  standing: Standing,
  round: number,
  course: Course,
  hasSent: boolean,
): Plan {
  expectRound(round, course);
  const { round: own, next } = standing;
  const isTrained = round < own || round === own && next !== "train";
  if (isTrained && hasSent) return { kind: "repeat" };
  if (round === own && next !== "evaluate") return { kind: "go", from: "state", takes: null };
  if (isTrained) throw over("train", round, standing, course);
  if (round === own + 1 && next === "evaluate") return { kind: "go", from: "state", takes: null };
  if (round === own + 1 && next === "take") return { kind: "go", from: "state", takes: own };
  const { takesAlways, localEpochs } = course;
  return takesAlways
    ? whereOthersAre(round - 1, localEpochs)
    : { kind: "go", from: { at: "round", round }, takes: null };
}

/**
 * How a site gets to the evaluation after a round's communication.
 *
 * @param isRecorded whether the site has evaluated a round before
 * @throws {UsageError} for a round that is over without that, that there is not, or whose mean is not for this site
 */
export function planEvaluation(
  standing: Standing,
  round: number,
  course: Course,
  isRecorded: (round: number) => boolean,
): Plan {
  expectRound(round, course);
  const { round: own, next } = standing;
  if (isRecorded(round)) return { kind: "repeat" };
  if (round < own) throw over("evaluate", round, standing, course);
  if (round === own && next === "evaluate") return { kind: "go", from: "state", takes: null };
  if (round === own && next === "take") return { kind: "go", from: "state", takes: own };
  if (course.takesAlways) return whereOthersAre(round, course.localEpochs);
  throw new UsageError(
    `Cannot evaluate round ${round}: this site ${
      standingText(standing, course)
    }, and the mean of this method ` +
      "is for those that have trained in the round; train it, or go on with the round that the others are at",
  );
}

/** A site that was away takes the newest mean to what it has. */
function whereOthersAre(round: number, localEpochs: number): Plan {
  return { kind: "go", from: { at: "epoch", round, epoch: localEpochs }, takes: round };
}

/** The state from which a site goes on that did not train in the round of a position. */
export function stateOfAway(state: SimulationState, position: Position): SimulationState {
  if (position.at === "round") return { ...state, position, skipped: [], stages: [] };
  return { ...state, position, skipped: [0], stages: [0] };
}

function expectRound(round: number, { rounds }: Course): void {
  if (round < rounds) return;
  throw new UsageError(
    `Cannot use --round ${round}: there are ${rounds} rounds, 0 to ${rounds - 1}`,
  );
}

function over(action: string, round: number, standing: Standing, course: Course): UsageError {
  return new UsageError(
    `Cannot ${action} round ${round}: this site ${
      standingText(standing, course)
    }, and rounds that are over ` +
      "stay as they were",
  );
}

/** In words that follow "this site". */
export function standingText({ round, next }: Standing, { rounds }: Course): string {
  if (round === rounds) return `has finished all ${rounds} rounds`;
  const done = {
    train: "which it trains next",
    take: "which it has trained, and takes the mean of next",
    evaluate: "whose mean it has taken, and evaluates next",
  };
  return `is at round ${round}, ${done[next]}`;
}
