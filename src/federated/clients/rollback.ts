// The models of a stack as they were when the round began: where clients go back to whose numbers go bad.

import { FlatTensors } from "../../nn/flat_tensors.ts";
import type { TensorSets } from "../../nn/training_state.ts";
import { Owned } from "../../owned.ts";

/** A copy of what training changes. Dispose of it when done. */
export class Rollback {
  /** what the rest of a round depends on, by the name in states */
  readonly memory: TensorSets;

  /** @param now parameters, running statistics, and what else has to be put back */
  constructor(private readonly now: TensorSets) {
    using owned = new Owned(); // gives back what there is if the rest does not fit
    const copies = Object.entries(now).map(([set, { gpu, stack, blocks }]) => {
      const copy = owned.use(new FlatTensors(gpu, stack, blocks));
      return [`start_${set}`, copy] as const;
    });
    this.memory = Object.fromEntries(copies);
    this.remember();
    owned.move();
  }

  /** From now on models are put back to what they are now. */
  remember(): void {
    for (const [then, now] of this.#pairs()) now.gpu.copy(now.whole, then.whole);
  }

  /** Puts one model of the stack back. */
  restore(index: number): void {
    for (const [then, now] of this.#pairs()) {
      for (const { name } of now.blocks) {
        now.gpu.copy(then.ofModel(name, index), now.ofModel(name, index));
      }
    }
  }

  dispose(): void {
    for (const tensors of Object.values(this.memory)) tensors.dispose();
  }

  #pairs(): (readonly [then: FlatTensors, now: FlatTensors])[] {
    return Object.entries(this.now).map(([set, now]) => [this.memory[`start_${set}`], now]);
  }
}
