// The walks of a group of clients over a split, step by step, and what is read at their ends.

import type { FiniteCheck } from "../nn/finite.ts";
import type { Gpu } from "../tensor/gpu.ts";
import type { SimulationConfig } from "./config.ts";
import { type Divergence, inOrder } from "./divergence.ts";
import type { EpochUnderWay, StackRows } from "./epoch_under_way.ts";
import { augmentationKey, labelsAsTaken, type Lineup, type PassKind, splitOf } from "./lineup.ts";
import type { FederatedMethod } from "./methods/method.ts";
import { firstBad, type Outcomes, score } from "./outcomes.ts";
import type { RecordedSteps, StepTensors } from "./recorded_steps.ts";
import type { StepProfile } from "./step_profile.ts";

/** Outcomes `[client][role]`, in the order of a group's clients; null for a client left out or gone bad. */
export type GroupOutcomes = readonly (readonly Outcomes[] | null)[];

/** What a pass leaves behind. */
export interface PassResult {
  readonly outcomes: GroupOutcomes;
  /** of the test split amid a local epoch, by the number of steps before; empty for other passes */
  readonly evaluations: ReadonlyMap<number, GroupOutcomes>;
  /** at most one for each client */
  readonly divergences: readonly Divergence[];
}

/** Yields the work of each step, in forward passes of one batch of one client. */
export type Pass = AsyncGenerator<number, PassResult>;

/** A training step costs about as much as this many forward passes. */
const trainingCost = 3;

/** All passes of one group. */
export class GroupPasses {
  constructor(
    private readonly gpu: Gpu,
    private readonly config: SimulationConfig,
    private readonly method: FederatedMethod,
    private readonly lineup: Lineup,
    private readonly steps: RecordedSteps,
    private readonly tensors: StepTensors,
    private readonly finite: FiniteCheck,
    private readonly underWay: EpochUnderWay,
  ) {}

  /** Work of one pass in a round with these participants, in forward passes of one batch of one client. */
  work(kind: PassKind, participants: readonly number[]): number {
    const batches = this.lineup.members
      .filter(({ index }) => splitOf(kind) !== "train" || participants.includes(index))
      .map((member) => this.lineup.batches(member, kind));
    const sum = batches.reduce((sum, own) => sum + own, 0);
    if (kind !== "train") return sum;
    const evaluations = this.#evaluationsIn(Math.max(0, ...batches));
    return trainingCost * sum + evaluations * this.work("test", participants);
  }

  /** Of that, what is over of the local epoch under way. */
  get workOfTraining(): number {
    const { lineup, underWay } = this;
    const taken = lineup.participants.map((member) =>
      Math.min(underWay.taken, lineup.batches(member, "train"))
    );
    const sum = taken.reduce((sum, own) => sum + own, 0);
    return trainingCost * sum + underWay.evaluations.size * this.work("test", []);
  }

  /** Evaluations amid a local epoch of so many steps; its end has its own. */
  #evaluationsIn(steps: number): number {
    const { evaluateEvery } = this.config;
    return evaluateEvery === null ? 0 : Math.max(0, Math.ceil(steps / evaluateEvery) - 1);
  }

  /**
   * Walks over a split, all clients at once; over the train split only those that take part in the
   * round. Training goes on wherever the local epoch under way stands.
   *
   * @param epoch counted over the whole run; keys the augmentation
   * @param profile measures some of the steps
   */
  async *walk(kind: PassKind, epoch: number, profile: StepProfile | null = null): Pass {
    if (kind === "train") return yield* this.#train(epoch, profile);
    const rows = yield* this.#evaluate(kind, epoch);
    return { ...this.#scored(kind, rows), evaluations: new Map() };
  }

  /** Is interrupted for evaluations on the test split after every `evaluateEvery` steps, but not after the last one. */
  async *#train(epoch: number, profile: StepProfile | null): Pass {
    const { underWay } = this;
    const steps = this.#stepsOf("train");
    while (true) {
      if (underWay.isEvaluationDue) underWay.evaluated(yield* this.#evaluate("test", epoch));
      if (underWay.taken >= Math.max(...steps)) break;
      const work = await this.#step("train", epoch, underWay.taken, steps, profile);
      underWay.stepTaken();
      yield work;
    }
    const training = this.#scored("train", await this.#read("train"), await this.notFinite());
    const evaluations = new Map<number, GroupOutcomes>();
    const divergences: Divergence[] = [];
    for (const [step, rows] of underWay.evaluations) {
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

  async *#evaluate(kind: PassKind, epoch: number): AsyncGenerator<number, StackRows> {
    const steps = this.#stepsOf(kind);
    for (let step = 0; step < Math.max(...steps); step++) {
      yield await this.#step(kind, epoch, step, steps);
    }
    return await this.#read(kind);
  }

  /** Of each client, in the order of the stack. */
  #stepsOf(kind: PassKind): number[] {
    const { lineup } = this;
    return lineup.members.map((member, k) =>
      lineup.takesPart(k, kind) ? lineup.batches(member, kind) : 0
    );
  }

  /** @returns its work */
  async #step(
    kind: PassKind,
    epoch: number,
    step: number,
    steps: readonly number[],
    profile: StepProfile | null = null,
  ): Promise<number> {
    const prefix = steps.findLastIndex((own) => own > step) + 1;
    this.gpu.write(this.tensors.position, new Uint32Array([step, augmentationKey(kind, epoch)]));
    const recording = this.steps.of(kind, this.lineup.members.slice(0, prefix));
    if (profile) await profile.replay(recording, step);
    else recording.replay();
    const taken = steps.filter((own) => own > step).length;
    return kind === "train" ? trainingCost * taken : taken;
  }

  /** What models said of the images of a pass that is over. */
  async #read(kind: PassKind): Promise<StackRows> {
    const { lineup, tensors: { outcomes } } = this;
    const buffer = kind === "train" ? outcomes.train : outcomes.evaluation;
    return await buffer.read(
      lineup.members.flatMap((member, k) => {
        const images = lineup.takesPart(k, kind) ? lineup.ends(member, kind).at(-1)! : 0;
        return this.method.roles.map(() => images);
      }),
    );
  }

  /**
   * Of an evaluation, divergences have step 0. There is at most one for each client.
   *
   * @param bad weights that are not finite
   */
  #scored(
    kind: PassKind,
    rows: StackRows,
    bad: readonly Divergence[] = [],
  ): Omit<PassResult, "evaluations"> {
    const { lineup } = this;
    const divergences: Divergence[] = [];
    const outcomes = lineup.members.map((member, k) => {
      if (!lineup.takesPart(k, kind)) return null;
      const ends = lineup.ends(member, kind);
      const labels = labelsAsTaken(member, kind).subarray(0, ends.at(-1));
      const steps = lineup.batches(member, "train");
      const found = this.method.roles.flatMap((role, index): Divergence[] => {
        const first = firstBad(rows[lineup.modelIndex(k, index)], labels.length);
        if (first === null) return [];
        const step = kind === "train" ? ends.findIndex((end) => first.image < end) + 1 : 0;
        return [{ client: member.index, role, step, steps, cause: first.cause }];
      });
      const all = inOrder([...found, ...bad.filter(({ client }) => client === member.index)]);
      if (all.length > 0) {
        divergences.push(all[0]);
        return null;
      }
      return lineup.modelsOf(k).map((model) => score(rows[model], labels, ends));
    });
    return { outcomes, divergences };
  }

  /** Models with numbers that are not finite, as they are after a local epoch. */
  async notFinite(): Promise<Divergence[]> {
    const finite = await this.finite.read();
    return this.lineup.members.flatMap((member, k) => {
      const steps = this.lineup.batches(member, "train");
      const cause = "a weight is not finite";
      return this.method.roles
        .filter((_, index) => !finite[this.lineup.modelIndex(k, index)])
        .map((role) => ({ client: member.index, role, step: steps, steps, cause }));
    });
  }
}
