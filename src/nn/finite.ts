// Whether all numbers of a stack's models are finite.

import source from "../../kernels/finite.wgsl" with { type: "text" };
import invocation from "../../kernels/shared/invocation.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import { linearWorkgroups } from "../gpu/workgroups.ts";
import { fullTensor } from "../tensor/elementwise.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { blockAlignment, type FlatTensors } from "./flat_tensors.ts";
import { blockTable } from "./optimizer.ts";
import type { TensorSets } from "./training_state.ts";
import { getOrMake } from "../maps.ts";

const file = kernelFile("finite.wgsl", source, invocation);

/** Looks for NaNs and infinities in the tensors of a stack. Dispose of it when done. */
export class FiniteCheck {
  readonly #sets: readonly { readonly tensors: FlatTensors; readonly blockOf: Tensor }[];

  /** one for all sets that are laid out alike, as an optimizer's memory is like the parameters */
  readonly #tables = new Map<string, Tensor>();

  constructor(sets: TensorSets) {
    this.#sets = Object.values(sets).map((tensors) => {
      const { stack, whole, blocks } = tensors;
      const layout = JSON.stringify([stack, whole.size, blocks.map((b) => [b.start, b.size])]);
      const blockOf = getOrMake(this.#tables, layout, () => blockTable(tensors));
      return { tensors, blockOf };
    });
  }

  /** Waits for the GPU. @returns for each model of the stack whether all its numbers are finite now */
  async read(): Promise<boolean[]> {
    const [{ tensors: { gpu, stack } }] = this.#sets;
    using found = fullTensor(gpu, [stack], 0, "u32");
    for (const { tensors: { whole }, blockOf } of this.#sets) {
      gpu.dispatch({
        file,
        entryPoint: "search",
        params: { count: whole.size, models: stack },
        buffers: { block_of: blockOf, values: whole, found },
        workgroups: linearWorkgroups(whole.size, blockAlignment),
      });
    }
    return Array.from(await found.read(), (flag) => flag === 0);
  }

  dispose(): void {
    for (const table of this.#tables.values()) table.dispose();
  }
}
