// Many named, stacked tensors in one buffer, so that one command reaches them all.

import type { BufferView } from "../gpu/buffers.ts";
import type { GpuRuntime } from "../gpu/runtime.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";

/** Blocks begin at multiples of this many floats (256 bytes), so that each can be bound by itself. */
export const blockAlignment = 64;

/** Where the tensor of one name lies: `[S, …shape]` from `start`, in floats. */
export interface Block {
  /** PyTorch's key of the parameter or buffer */
  readonly name: string;
  /** without the stack axis */
  readonly shape: Shape;
  /** floats from the beginning of the buffer */
  readonly start: number;
  /** elements of one model */
  readonly size: number;
}

/** The blocks of a stack, one behind the other, and the total length in floats. */
function layOut(
  specs: readonly { readonly name: string; readonly shape: Shape }[],
  stack: number,
): { blocks: Block[]; length: number } {
  let length = 0;
  const blocks = specs.map(({ name, shape }) => {
    const block = { name, shape, start: length, size: sizeOf(shape) };
    length += Math.ceil(stack * block.size / blockAlignment) * blockAlignment;
    return block;
  });
  return { blocks, length };
}

/** A flat f32 buffer with views by name. What lies between the blocks is arbitrary. */
export class FlatTensors implements Disposable {
  /** `[floats]` f32: all blocks, one behind the other, with what lies between them */
  readonly whole: Tensor;
  readonly #blocks: ReadonlyMap<string, Block>;
  readonly #views = new Map<string, Tensor>();

  /**
   * Memory for tensors whose values are arbitrary at first.
   *
   * @param specs name and shape of each, without the stack axis
   * @param stack number of models, S
   */
  constructor(
    readonly gpu: GpuRuntime,
    readonly stack: number,
    specs: readonly { readonly name: string; readonly shape: Shape }[],
  ) {
    const { blocks, length } = layOut(specs, stack);
    this.whole = gpu.keep(emptyTensor(gpu, [Math.max(length, blockAlignment)]));
    this.#blocks = new Map(blocks.map((block) => [block.name, block]));
  }

  /** where each tensor lies, in the order of their names' declaration */
  get blocks(): readonly Block[] {
    return [...this.#blocks.values()];
  }

  /**
   * Where the tensor of a name lies.
   *
   * @throws {TypeError} for a name that is none of them, with those that there are
   */
  block(name: string): Block {
    const block = this.#blocks.get(name);
    if (!block) {
      throw new TypeError(
        `Cannot find "${name}": the names are [${[...this.#blocks.keys()].join(", ")}]`,
      );
    }
    return block;
  }

  /** The tensor of a name for the first `models` models, `[models, …shape]`; always the same object. */
  view(name: string, models: number): Tensor {
    const key = `${name} ${models}`;
    const cached = this.#views.get(key);
    if (cached) return cached;
    const { shape, start } = this.block(name);
    const view = this.gpu.keep(this.whole.view([models, ...shape], start * 4));
    this.#views.set(key, view);
    return view;
  }

  /** Where one model's tensor of a name lies: for copying, which unlike binding needs no alignment. */
  ofModel(name: string, index: number): BufferView {
    const { start, size } = this.block(name);
    return { ...this.#from(start + index * size), byteLength: size * 4 };
  }

  /** Where the tensor of a name lies for all models. */
  ofStack(name: string): BufferView {
    const { start, size } = this.block(name);
    return { ...this.#from(start), byteLength: this.stack * size * 4 };
  }

  /** Puts the part of model `order[k]` in place k. */
  rearrange(order: readonly number[]): void {
    using before = emptyTensor(this.gpu, this.whole.shape);
    this.gpu.copy(this.whole, before);
    for (const { name, start, size } of this.blocks) {
      order.forEach((from, to) => {
        if (from === to) return;
        const offset = before.offset + (start + from * size) * 4;
        const source = { buffer: before.buffer, offset, byteLength: size * 4 };
        this.gpu.copy(source, this.ofModel(name, to));
      });
    }
  }

  #from(start: number): { buffer: GPUBuffer; offset: number } {
    return { buffer: this.whole.buffer, offset: this.whole.offset + start * 4 };
  }

  /** as `dispose()` */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Gives the memory back, that of all views included. */
  dispose(): void {
    for (const view of this.#views.values()) view.dispose();
    this.whole.dispose();
  }
}
