// A tensor: a shape, a type, a piece of GPU memory and its place on the tape.

import type { BufferView } from "../gpu/buffers.ts";
import { GpuRuntime } from "../gpu/runtime.ts";
import { type Shape, showShape, sizeOf } from "./shape.ts";

/** Arrays that tensors are made from and read into. */
export type TensorData =
  | Float32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

const dtypes = ["f32", "i32", "u32", "u8"] as const;
/** Element type; `u8` holds pixels and takes no part in arithmetic. */
export type Dtype = typeof dtypes[number];

/** How an operation's gradient is found: its inputs, and from the gradient of its output theirs. */
export interface TapeNode {
  /** the inputs, which a gradient is wanted of or not */
  readonly parents: readonly Tensor[];
  /** one gradient per parent; null where it needs none */
  readonly backward: (upstream: Tensor) => readonly (Tensor | null)[];
}

/** Whether a gradient is known to be zero, so that it can be overwritten rather than added to. */
export interface GradientState {
  /** the command stream (see `GpuRuntime.stream`) in which it was set to zero and not yet written */
  zeroedIn: number | null;
}

/** The smallest and the largest of integers. */
export interface IntegerRange {
  /** the smallest, which is among them */
  readonly least: number;
  /** the largest, which is among them */
  readonly most: number;
}

/** Memory that several tensors (views of each other) share. */
export class Storage {
  /** of all the integers in it, where the host has uploaded them; null where nobody knows */
  range: IntegerRange | null = null;
  #references = 0;

  constructor(
    readonly buffer: GPUBuffer,
    readonly byteLength: number,
    private readonly release: () => void,
  ) {}

  retain(): this {
    this.#references++;
    return this;
  }

  drop(): void {
    if (--this.#references === 0) this.release();
  }
}

/** Rows of numbers on the GPU, row-major. The first axis is the stack: independent models side by side. */
export class Tensor implements BufferView {
  /** the operation that made this tensor; null for data and parameters */
  node: TapeNode | null = null;
  /** set by `backward` on tensors that require a gradient and were not made by an operation */
  gradient: Tensor | null = null;
  /** shared by tensors whose gradients share memory; null where no one sets gradients to zero */
  gradientState: GradientState | null = null;
  readonly #storage: Storage;
  #disposed = false;

  /** `offset` in bytes, a multiple of 256 if the tensor is to be bound. */
  constructor(
    readonly gpu: GpuRuntime,
    readonly shape: Shape,
    readonly dtype: Dtype,
    storage: Storage,
    readonly offset = 0,
    public requiresGrad = false,
  ) {
    this.#storage = storage.retain();
    gpu.track(this);
  }

  /**
   * Where its values lie, from `offset` on.
   *
   * @throws {TypeError} after `dispose`
   */
  get buffer(): GPUBuffer {
    this.#expectAlive();
    return this.#storage.buffer;
  }

  /** Of its elements, where the host has uploaded them and nothing has been written since; null where nobody knows. */
  get range(): IntegerRange | null {
    return this.#isWhole ? this.#storage.range : null;
  }

  /** To be told by whoever writes to it. */
  set range(range: IntegerRange | null) {
    this.#storage.range = this.#isWhole ? range : null;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  get byteLength(): number {
    return byteLengthOf(this.size, this.dtype);
  }

  /**
   * The same memory under another shape, or the part of it that begins `offset` bytes further on.
   * The tape knows nothing of it: no gradient flows through a view.
   */
  view(shape: Shape, offset = 0): Tensor {
    this.#expectAlive();
    const end = offset + byteLengthOf(sizeOf(shape), this.dtype);
    if (!Number.isInteger(offset) || offset < 0 || offset % 4 !== 0 || end > this.byteLength) {
      throw new TypeError(
        `Cannot view ${showShape(this.shape)} as ${showShape(shape)} from byte ${offset}`,
      );
    }
    return new Tensor(this.gpu, shape, this.dtype, this.#storage, this.offset + offset);
  }

  /** Waits for the values and downloads them. */
  async read(): Promise<TensorData> {
    const bytes = await this.gpu.read(this);
    return viewBytes(bytes, this.dtype).subarray(0, this.size) as TensorData;
  }

  /** Gives the memory back (once no view of it is left). */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.gradient?.dispose();
    this.#storage.drop();
  }

  /** as `dispose()` */
  [Symbol.dispose](): void {
    this.dispose();
  }

  get #isWhole(): boolean {
    return this.offset === 0 && this.byteLength === this.#storage.byteLength;
  }

  #expectAlive(): void {
    if (!this.#disposed) return;
    throw new TypeError(
      `Cannot use a tensor of shape ${showShape(this.shape)}: its scope has ended, ` +
        "or it was disposed of",
    );
  }
}

/**
 * A tensor with arbitrary contents; whoever makes it writes every element. It goes back to the pool with the scope.
 *
 * @throws {TypeError} for a shape with fractional, negative or empty axes
 */
export function emptyTensor(gpu: GpuRuntime, shape: Shape, dtype: Dtype = "f32"): Tensor {
  if (!(gpu instanceof GpuRuntime)) {
    throw new TypeError(`Cannot make a tensor: gpu is ${gpu} but a Gpu is expected`);
  }
  if (!Array.isArray(shape) || shape.some((size) => !Number.isInteger(size) || size < 1)) {
    const shown = Array.isArray(shape) ? showShape(shape) : shape;
    throw new TypeError(
      `Cannot make a tensor of shape ${shown}: sizes have to be a list of whole numbers of at least 1`,
    );
  }
  if (!dtypes.includes(dtype)) {
    throw new TypeError(
      `Cannot make a tensor of ${dtype}: its dtype has to be one of ${dtypes.join(", ")}`,
    );
  }
  const subject = `a tensor ${showShape(shape)} of ${dtype}`;
  const byteLength = byteLengthOf(sizeOf(shape), dtype);
  const { buffer, release } = gpu.allocate(byteLength, subject);
  return new Tensor(gpu, shape, dtype, new Storage(buffer, byteLength, release));
}

/** Bytes in memory: whole words, because uploads and bindings are. */
function byteLengthOf(size: number, dtype: Dtype): number {
  return dtype === "u8" ? Math.ceil(size / 4) * 4 : size * 4;
}

function viewBytes(bytes: ArrayBuffer, dtype: Dtype): TensorData {
  switch (dtype) {
    case "f32":
      return new Float32Array(bytes);
    case "i32":
      return new Int32Array(bytes);
    case "u32":
      return new Uint32Array(bytes);
    case "u8":
      return new Uint8Array(bytes);
  }
}
