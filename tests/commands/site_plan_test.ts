// What a site does next, for every place where it may be.

import {
  type Course,
  planEvaluation,
  planTraining,
  type Standing,
  standingOf,
} from "../../src/commands/site/plan.ts";
import { UsageError } from "../../src/commands/usage_error.ts";
import { assertEquals } from "../assert.ts";

const senders: Course = { rounds: 6, localEpochs: 2, takesAlways: false };
const all: Course = { ...senders, takesAlways: true };

/** The plan in a few words. */
function inWords(plan: () => ReturnType<typeof planTraining>): string {
  try {
    const made = plan();
    if (made.kind === "repeat") return "repeat";
    const { from, takes } = made;
    const where = from === "state" ? "state" : `${from.at} ${from.round}`;
    return takes === null ? where : `${where}, takes ${takes}`;
  } catch (error) {
    if (error instanceof UsageError) return "refuse";
    throw error;
  }
}

const training = (standing: Standing, course: Course) =>
  [0, 1, 2, 3, 4, 6].map((round) =>
    // it keeps what it sent last
    inWords(() => planTraining(standing, round, course, round === lastTrained(standing)))
  );
const lastTrained = ({ round, next }: Standing) => next === "train" ? round - 1 : round;
const evaluation = (standing: Standing, course: Course, recorded: readonly number[]) =>
  [0, 1, 2, 3, 6].map((round) =>
    inWords(() => planEvaluation(standing, round, course, (at) => recorded.includes(at)))
  );

Deno.test("a site knows from its state how far it has got", () => {
  const at = (position: Parameters<typeof standingOf>[0]) => standingOf(position, senders);
  assertEquals(at(null), { round: 0, next: "train" });
  assertEquals(at({ at: "round", round: 2 }), { round: 2, next: "train" });
  assertEquals(at({ at: "epoch", round: 2, epoch: 1 }), { round: 2, next: "train" });
  assertEquals(
    at({ at: "step", round: 2, epoch: 1, parallelClients: 1, steps: [3] }),
    { round: 2, next: "train" },
  );
  assertEquals(at({ at: "epoch", round: 2, epoch: 2 }), { round: 2, next: "take" });
  assertEquals(at({ at: "communication", round: 2 }), { round: 2, next: "evaluate" });
  assertEquals(at("done"), { round: 6, next: "train" });
});

Deno.test("training is done once, with the mean before it, and where the others are", () => {
  assertEquals(training({ round: 2, next: "train" }, senders), [
    ...["refuse", "repeat", "state", "round 3", "round 4", "refuse"],
  ]);
  assertEquals(training({ round: 2, next: "train" }, all), [
    ...["refuse", "repeat", "state", "epoch 2, takes 2", "epoch 3, takes 3", "refuse"],
  ]);
  assertEquals(training({ round: 2, next: "take" }, senders), [
    ...["refuse", "refuse", "repeat", "state, takes 2", "round 4", "refuse"],
  ]);
  assertEquals(training({ round: 2, next: "evaluate" }, senders), [
    ...["refuse", "refuse", "repeat", "state", "round 4", "refuse"],
  ]);
  const again = (standing: Standing, hasSent: boolean) =>
    inWords(() => planTraining(standing, 5, senders, hasSent));
  assertEquals(again({ round: 6, next: "train" }, true), "repeat");
  // What it sent is lost: it can be made anew until the mean is taken.
  assertEquals(again({ round: 5, next: "take" }, false), "state");
  assertEquals(again({ round: 5, next: "evaluate" }, false), "refuse");
  assertEquals(again({ round: 6, next: "train" }, false), "refuse");
});

Deno.test("an evaluation takes the mean once, if the site is to have it", () => {
  assertEquals(evaluation({ round: 2, next: "take" }, senders, [0, 1]), [
    ...["repeat", "repeat", "state, takes 2", "refuse", "refuse"],
  ]);
  assertEquals(evaluation({ round: 2, next: "train" }, all, [0, 1]), [
    ...["repeat", "repeat", "epoch 2, takes 2", "epoch 3, takes 3", "refuse"],
  ]);
  assertEquals(evaluation({ round: 2, next: "evaluate" }, senders, [1]), [
    ...["refuse", "repeat", "state", "refuse", "refuse"],
  ]);
});
