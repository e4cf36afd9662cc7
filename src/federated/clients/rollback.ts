// The models of a stack as they were when the round began: where clients go back to whose numbers go bad.

import { FlatTensors } from "../../nn/flat_tensors.ts";
import type { Model } from "../../nn/model.ts";

/** A copy of parameters and running statistics. Dispose of it when done. */
export class Rollback {
  /** what the rest of a round depends on, by the name in states */
  readonly memory: Readonly<Record<"start_parameters" | "start_buffers", FlatTensors>>;

  constructor(private readonly model: Model) {
    const { gpu, stack, module } = model;
    using owned = new DisposableStack(); // gives back what there is if the rest does not fit
    const flat = (specs: ConstructorParameters<typeof FlatTensors>[2]) =>
      owned.adopt(new FlatTensors(gpu, stack, specs), (tensors) => tensors.dispose());
    this.memory = {
      start_parameters: flat(module.parameters),
      start_buffers: flat(module.buffers),
    };
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

  #pairs(): readonly (readonly [then: FlatTensors, now: FlatTensors])[] {
    const { start_parameters: parameters, start_buffers: buffers } = this.memory;
    return [[parameters, this.model.parameters], [buffers, this.model.buffers]];
  }
}
