// How far a group of clients has come in a local epoch, and what it has measured there: part of a state within it.

import { expectFloats } from "../../nn/training_state.ts";
import type { HostTensor } from "../../tensor/host_tensor.ts";
import { type ClientOrder, size } from "./order.ts";
import type { OutcomeRows } from "./outcomes.ts";
import type { Setup } from "./setup.ts";
import type { GroupTensors } from "./tensors.ts";

/** Of all models of a group's stack, in their order. */
export type StackRows = readonly OutcomeRows[];

/** A local epoch of one group. What training has said of the images so far is on the GPU. */
export class EpochProgress {
  #steps = 0;
  readonly #evaluations = new Map<number, StackRows>();

  constructor(
    private readonly setup: Setup,
    private readonly order: ClientOrder,
    private readonly tensors: GroupTensors,
  ) {}

  /** Forgets the epoch before. */
  begin(): void {
    this.#steps = 0;
    this.#evaluations.clear();
  }

  /** Training steps that are over, of the client that takes most. */
  get steps(): number {
    return this.#steps;
  }

  stepTaken(): void {
    this.#steps++;
  }

  /** What the evaluations on the test split have stored, by the number of steps before. */
  get evaluations(): ReadonlyMap<number, StackRows> {
    return this.#evaluations;
  }

  /** Whether an evaluation comes before the next step. */
  get isEvaluationDue(): boolean {
    return this.#isEvaluatedAfter(this.#steps) && !this.#evaluations.has(this.#steps);
  }

  /** That evaluation is over. */
  evaluated(rows: StackRows): void {
    this.#evaluations.set(this.#steps, rows);
  }

  /** The end of the epoch has its own evaluation. */
  #isEvaluatedAfter(steps: number): boolean {
    const { evaluateEvery } = this.setup.config;
    if (evaluateEvery === null || steps === 0) return false;
    return steps % evaluateEvery === 0 && steps < this.order.trainingSteps;
  }

  /** Everything, as `client.role.outcomes.…` with the client's index in the dataset. */
  async state(): Promise<Map<string, HostTensor>> {
    const tensors = new Map<string, HostTensor>();
    const { outcomes: { train } } = this.tensors;
    const { rowLength } = train;
    const put = (set: string, rows: StackRows) =>
      this.order.eachModel(this.setup.method.roles, (prefix, model) => {
        const data = rows[model];
        if (data.length === 0) return; // the client does not take part, or nobody has begun
        tensors.set(`${prefix}.${set}`, { shape: [data.length / rowLength, rowLength], data });
      });
    put(trainingSet, await train.read(this.#imagesTaken()));
    for (const [steps, rows] of this.#evaluations) put(evaluationSet(steps), rows);
    return tensors;
  }

  /**
   * Goes on from what `state()` gave after so many steps.
   *
   * @throws {TypeError} if a tensor is missing or has another shape
   * @throws {RangeError} if there are not so many steps
   */
  restore(steps: number, tensors: ReadonlyMap<string, HostTensor>): void {
    const { order, setup: { method: { roles } }, tensors: { outcomes: { train } } } = this;
    if (steps > order.trainingSteps) {
      throw new RangeError(
        `Cannot go on after step ${steps} of a local epoch of ${order.trainingSteps} steps`,
      );
    }
    this.begin();
    this.#steps = steps;
    const take = (name: string, images: number) =>
      expectFloats(tensors.get(name), name, [images, train.rowLength]);
    const images = this.#imagesTaken();
    order.eachModel(roles, (prefix, model) => {
      if (images[model] === 0) return;
      train.write(model, take(`${prefix}.${trainingSet}`, images[model]));
    });
    for (let before = 1; before <= steps; before++) {
      const set = evaluationSet(before);
      // After the last step taken it may be what comes next.
      const first = `${order.members[0].index}.${roles[0]}.${set}`;
      const isHeld = before < steps || tensors.has(first);
      if (!isHeld || !this.#isEvaluatedAfter(before)) continue;
      const rows = order.eachModel(
        roles,
        (prefix, _, position) => take(`${prefix}.${set}`, size(order.members[position], "test")),
      );
      this.#evaluations.set(before, rows);
    }
  }

  /** Images that training has shown to each model of the stack. */
  #imagesTaken(): number[] {
    const { order } = this;
    return order.eachModel(
      this.setup.method.roles,
      (_, __, position) =>
        order.takesPart(position, "train")
          ? order.ends(order.members[position], "train").slice(0, this.#steps).at(-1) ?? 0
          : 0,
    );
  }
}

const trainingSet = "outcomes.train";

/** @param steps of training before */
function evaluationSet(steps: number): string {
  return `outcomes.test.${steps}`;
}
