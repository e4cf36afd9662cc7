// How far a group of clients has come in a local epoch, and what it has measured there: part of a state amid it.

import type { HostTensor } from "../tensor/host_tensor.ts";
import { expectFloats } from "../nn/training_state.ts";
import type { SimulationConfig } from "./config.ts";
import { type Lineup, size } from "./lineup.ts";
import type { FederatedMethod } from "./methods/method.ts";
import type { OutcomeBuffer, OutcomeRows } from "./outcomes.ts";

/** Of all models of a group's stack, in their order. */
export type StackRows = readonly OutcomeRows[];

/** A local epoch of one group. What training has said of the images so far is on the GPU. */
export class EpochUnderWay {
  /** training steps that are over, of the client that takes most */
  #taken = 0;
  readonly #evaluations = new Map<number, StackRows>();

  constructor(
    private readonly config: SimulationConfig,
    private readonly method: FederatedMethod,
    private readonly lineup: Lineup,
    private readonly training: OutcomeBuffer,
  ) {}

  /** Forgets the epoch before. */
  begin(): void {
    this.#taken = 0;
    this.#evaluations.clear();
  }

  get taken(): number {
    return this.#taken;
  }

  stepTaken(): void {
    this.#taken++;
  }

  /** What the evaluations on the test split have stored, by the number of steps before. */
  get evaluations(): ReadonlyMap<number, StackRows> {
    return this.#evaluations;
  }

  /** Whether an evaluation comes before the next step. */
  get isEvaluationDue(): boolean {
    return this.#isEvaluatedAfter(this.#taken) && !this.#evaluations.has(this.#taken);
  }

  /** That evaluation is over. */
  evaluated(rows: StackRows): void {
    this.#evaluations.set(this.#taken, rows);
  }

  /** The end of the epoch has its own evaluation. */
  #isEvaluatedAfter(steps: number): boolean {
    const { evaluateEvery } = this.config;
    if (evaluateEvery === null || steps === 0) return false;
    return steps % evaluateEvery === 0 && steps < this.lineup.trainingSteps;
  }

  /** Everything, as `client.role.outcomes.…` with the client's index in the dataset. */
  async state(): Promise<Map<string, HostTensor>> {
    const tensors = new Map<string, HostTensor>();
    const { rowLength } = this.training;
    const put = (set: string, rows: StackRows) =>
      this.lineup.eachModel(this.method.roles, (prefix, model) => {
        const data = rows[model];
        if (data.length === 0) return; // the client does not take part, or nobody has begun
        tensors.set(`${prefix}.${set}`, { shape: [data.length / rowLength, rowLength], data });
      });
    put(trainingSet, await this.training.read(this.#imagesTaken()));
    for (const [steps, rows] of this.#evaluations) put(evaluationSet(steps), rows);
    return tensors;
  }

  /**
   * Goes on from what `state()` gave after so many steps.
   *
   * @throws {TypeError} if a tensor is missing or has another shape
   * @throws {RangeError} if there are not so many steps
   */
  restore(taken: number, tensors: ReadonlyMap<string, HostTensor>): void {
    const { trainingSteps, members } = this.lineup;
    if (taken > trainingSteps) {
      throw new RangeError(
        `Cannot go on after step ${taken} of a local epoch of ${trainingSteps} steps`,
      );
    }
    this.begin();
    this.#taken = taken;
    const { rowLength } = this.training;
    const take = (name: string, images: number) =>
      expectFloats(tensors.get(name), name, [images, rowLength]);
    const images = this.#imagesTaken();
    this.lineup.eachModel(this.method.roles, (prefix, model) => {
      if (images[model] === 0) return;
      this.training.write(model, take(`${prefix}.${trainingSet}`, images[model]));
    });
    const [first] = this.method.roles;
    for (let steps = 1; steps <= taken; steps++) {
      const set = evaluationSet(steps);
      // After the last step taken it may be what comes next.
      const isHeld = steps < taken || tensors.has(`${members[0].index}.${first}.${set}`);
      if (!isHeld || !this.#isEvaluatedAfter(steps)) continue;
      const rows = this.lineup.eachModel(
        this.method.roles,
        (prefix, _, position) => take(`${prefix}.${set}`, size(members[position], "test")),
      );
      this.#evaluations.set(steps, rows);
    }
  }

  /** Images that training has shown to each model of the stack. */
  #imagesTaken(): number[] {
    const { lineup } = this;
    return lineup.eachModel(
      this.method.roles,
      (_, __, position) =>
        lineup.takesPart(position, "train")
          ? lineup.ends(lineup.members[position], "train").slice(0, this.#taken).at(-1) ?? 0
          : 0,
    );
  }
}

const trainingSet = "outcomes.train";

/** @param steps of training before */
function evaluationSet(steps: number): string {
  return `outcomes.test.${steps}`;
}
