// The passes of a group of clients over a split, step by step, and what is read at their ends.

import type { Recording } from "../../gpu/recording.ts";
import { type Divergence, inOrder } from "../recovery/divergence.ts";
import type { EpochProgress, StackRows } from "./epoch_progress.ts";
import { augmentationKey, type ClientOrder, labelsAsTaken, type PassKind } from "./order.ts";
import { firstBad, type Outcomes, score } from "./outcomes.ts";
import type { Setup } from "./setup.ts";
import type { RecordedSteps } from "./steps.ts";
import type { GroupTensors } from "./tensors.ts";
import { trainingCost } from "./workload.ts";

/** Outcomes `[client][role]`, in the order of a group's clients; null for a client left out or gone bad. */
export type GroupOutcomes = readonly (readonly Outcomes[] | null)[];

/** What a pass leaves behind. */
export interface PassResult {
  readonly outcomes: GroupOutcomes;
  /** of the test split within a local epoch, by the number of steps before; empty for other passes */
  readonly evaluations: ReadonlyMap<number, GroupOutcomes>;
  /** at most one for each client */
  readonly divergences: readonly Divergence[];
}

/** Yields the work of each step, in forward passes of one batch of one client. */
export type Pass = AsyncGenerator<number, PassResult>;

/** Takes a training step, by its number in the local epoch. */
export type Replay = (recording: Recording, step: number) => void | Promise<void>;

/** All passes of one group. Over the train split go only the clients that take part in the round. */
export class Passes {
  constructor(
    private readonly setup: Setup,
    private readonly order: ClientOrder,
    private readonly tensors: GroupTensors,
    private readonly steps: RecordedSteps,
    private readonly progress: EpochProgress,
  ) {}

  /**
   * Trains all clients at once, from wherever the local epoch under way stands to its end. Evaluations on the test split
   * interrupt it after every `evaluateEvery` steps, but not after the last one.
   *
   * @param epoch counted over the whole run; keys the augmentation
   */
  async *train(epoch: number, replay: Replay): Pass {
    const { progress } = this;
    const lengths = this.#stepsOf("train");
    while (true) {
      if (progress.isEvaluationDue) progress.evaluated(yield* this.#evaluate("test", epoch));
      if (progress.steps >= Math.max(...lengths)) break;
      const step = progress.steps;
      await replay(this.#next("train", epoch, step, lengths), step);
      progress.stepTaken();
      yield trainingCost * count(lengths, step);
    }
    const training = this.#scored("train", await this.#read("train"), await this.notFinite());
    const evaluations = new Map<number, GroupOutcomes>();
    const divergences: Divergence[] = [];
    for (const [step, rows] of progress.evaluations) {
      const evaluated = this.#scored("test", rows);
      evaluations.set(step, evaluated.outcomes);
      divergences.push(...evaluated.divergences.map((divergence) => ({
        ...divergence,
        step: Math.min(step, divergence.steps),
      })));
    }
    const first = inOrder([...divergences, ...training.divergences])
      .filter(({ client }, k, all) => all.findIndex((other) => other.client === client) === k);
    return { outcomes: training.outcomes, evaluations, divergences: first };
  }

  /** Evaluates all clients at once; divergences have step 0. */
  async *evaluate(kind: PassKind, epoch: number): Pass {
    const rows = yield* this.#evaluate(kind, epoch);
    return { ...this.#scored(kind, rows), evaluations: new Map() };
  }

  async *#evaluate(kind: PassKind, epoch: number): AsyncGenerator<number, StackRows> {
    const lengths = this.#stepsOf(kind);
    for (let step = 0; step < Math.max(...lengths); step++) {
      this.#next(kind, epoch, step, lengths).replay();
      yield count(lengths, step);
    }
    return await this.#read(kind);
  }

  /** Steps of each client, in the order of the stack. */
  #stepsOf(kind: PassKind): number[] {
    const { order } = this;
    return order.members.map((member, k) =>
      order.takesPart(k, kind) ? order.batches(member, kind) : 0
    );
  }

  /** A step of the clients that have images left: the first ones of the stack, for the longest come first. */
  #next(kind: PassKind, epoch: number, step: number, lengths: readonly number[]): Recording {
    const { position } = this.tensors;
    this.setup.gpu.write(position, new Uint32Array([step, augmentationKey(kind, epoch)]));
    const prefix = lengths.findLastIndex((own) => own > step) + 1;
    return this.steps.of(kind, this.order.members.slice(0, prefix));
  }

  /** What models said of the images of a pass that is over. */
  async #read(kind: PassKind): Promise<StackRows> {
    const { order, tensors: { outcomes } } = this;
    const buffer = kind === "train" ? outcomes.train : outcomes.evaluation;
    return await buffer.read(
      order.members.flatMap((member, k) => {
        const images = order.takesPart(k, kind) ? order.ends(member, kind).at(-1)! : 0;
        return this.setup.method.roles.map(() => images);
      }),
    );
  }

  /** @param bad weights that are not finite */
  #scored(
    kind: PassKind,
    rows: StackRows,
    bad: readonly Divergence[] = [],
  ): Omit<PassResult, "evaluations"> {
    const { order } = this;
    const divergences: Divergence[] = [];
    const outcomes = order.members.map((member, k) => {
      if (!order.takesPart(k, kind)) return null;
      const ends = order.ends(member, kind);
      const labels = labelsAsTaken(member, kind).subarray(0, ends.at(-1));
      const steps = order.batches(member, "train");
      const found = this.setup.method.roles.flatMap((role, index): Divergence[] => {
        const first = firstBad(rows[order.modelIndex(k, index)], labels.length);
        if (first === null) return [];
        const step = kind === "train" ? ends.findIndex((end) => first.image < end) + 1 : 0;
        return [{ client: member.index, role, step, steps, cause: first.cause }];
      });
      const all = inOrder([...found, ...bad.filter(({ client }) => client === member.index)]);
      if (all.length > 0) {
        divergences.push(all[0]);
        return null;
      }
      return order.modelsOf(k).map((model) => score(rows[model], labels, ends));
    });
    return { outcomes, divergences };
  }

  /** Models with numbers that are not finite, as they are after a local epoch. */
  async notFinite(): Promise<Divergence[]> {
    const { order, setup: { method } } = this;
    const finite = await this.tensors.finite.read();
    return order.members.flatMap((member, k) => {
      const steps = order.batches(member, "train");
      const cause = "a weight is not finite";
      return method.roles
        .filter((_, index) => !finite[order.modelIndex(k, index)])
        .map((role) => ({ client: member.index, role, step: steps, steps, cause }));
    });
  }
}

/** Clients that take a step. */
function count(lengths: readonly number[], step: number): number {
  return lengths.filter((own) => own > step).length;
}
