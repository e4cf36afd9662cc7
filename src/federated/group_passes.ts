// The walks of a group of clients over a split, step by step, and what is read at their ends.

import type { FiniteCheck } from "../nn/finite.ts";
import type { Gpu } from "../tensor/gpu.ts";
import type { SimulationConfig } from "./config.ts";
import { type Divergence, inOrder } from "./divergence.ts";
import { augmentationKey, labelsAsTaken, type Lineup, type PassKind, splitOf } from "./lineup.ts";
import type { FederatedMethod } from "./methods/method.ts";
import type { Outcomes } from "./outcomes.ts";
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

  /** Evaluations amid a local epoch of so many steps; its end has its own. */
  #evaluationsIn(steps: number): number {
    const { evaluateEvery } = this.config;
    return evaluateEvery === null ? 0 : Math.max(0, Math.ceil(steps / evaluateEvery) - 1);
  }

  #isEvaluatedAfter(steps: number): boolean {
    const { evaluateEvery } = this.config;
    const { trainingSteps } = this.lineup;
    return evaluateEvery !== null && steps % evaluateEvery === 0 && steps < trainingSteps;
  }

  /**
   * Walks over a split, all clients at once; over the train split only those that take part in the
   * round. Training is interrupted for evaluations on the test split after every `evaluateEvery` steps,
   * but not after the last one.
   *
   * @param epoch counted over the whole run; keys the augmentation
   * @param profile measures some of the steps
   */
  async *walk(kind: PassKind, epoch: number, profile: StepProfile | null = null): Pass {
    const { lineup, tensors: { position } } = this;
    const evaluations = new Map<number, GroupOutcomes>();
    const divergences: Divergence[] = [];
    const steps = lineup.members.map((member, k) =>
      lineup.takesPart(k, kind) ? lineup.batches(member, kind) : 0
    );
    for (let step = 0; step < Math.max(...steps); step++) {
      const prefix = steps.findLastIndex((own) => own > step) + 1;
      this.gpu.write(position, new Uint32Array([step, augmentationKey(kind, epoch)]));
      const recording = this.steps.of(kind, lineup.members.slice(0, prefix));
      if (profile) await profile.replay(recording, step);
      else recording.replay();
      const taken = steps.filter((own) => own > step).length;
      yield kind === "train" ? trainingCost * taken : taken;
      if (kind === "train" && this.#isEvaluatedAfter(step + 1)) {
        const evaluated = yield* this.walk("test", epoch);
        evaluations.set(step + 1, evaluated.outcomes);
        divergences.push(...evaluated.divergences.map((divergence) => ({
          ...divergence,
          step: Math.min(step + 1, divergence.steps),
        })));
      }
    }
    const { outcomes, divergences: read } = await this.#readOutcomes(kind);
    const first = inOrder([...divergences, ...read]).filter(({ client }, k, all) =>
      all.findIndex((other) => other.client === client) === k
    );
    return { outcomes, evaluations, divergences: first };
  }

  /** Of an evaluation, divergences have step 0; after training, the weights are looked at too. */
  async #readOutcomes(kind: PassKind): Promise<Omit<PassResult, "evaluations">> {
    const { lineup, tensors } = this;
    const buffer = kind === "train" ? tensors.outcomes.train : tensors.outcomes.evaluation;
    const values = await buffer.read();
    const bad = kind === "train" ? await this.notFinite() : [];
    const divergences: Divergence[] = [];
    const outcomes = lineup.members.map((member, k) => {
      if (!lineup.takesPart(k, kind)) return null;
      const labels = labelsAsTaken(member, kind);
      const steps = lineup.batches(member, "train");
      const { batchSize } = this.config;
      const found = this.method.roles.flatMap((role, index): Divergence[] => {
        const first = buffer.firstBad(values, lineup.modelIndex(k, index), labels.length);
        if (first === null) return [];
        const step = kind === "train" ? Math.floor(first.image / batchSize) + 1 : 0;
        return [{ client: member.index, role, step, steps, cause: first.cause }];
      });
      const all = inOrder([...found, ...bad.filter(({ client }) => client === member.index)]);
      divergences.push(...all);
      if (all.length > 0) return null;
      return lineup.modelsOf(k).map((model) => buffer.score(values, model, labels, batchSize));
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
