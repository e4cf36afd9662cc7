// Commands for the GPU as plain values, so that a sequence can be recorded once and replayed.

import type { BufferPool } from "./buffers.ts";
import type { KernelFile } from "./kernel.ts";

/** What a dispatch runs, and how much it does: for profiles, and for how much is sent to the queue at a time. */
export interface KernelUse {
  readonly file: KernelFile;
  readonly entryPoint: string;
  readonly bytes: number;
  /** arithmetic operations; null where nobody counts them */
  readonly work: number | null;
}

/** One command; buffers and bind groups are those of the moment of recording. */
export type Command = Dispatch | Transfer;

/** A run of a kernel. */
export interface Dispatch {
  readonly kind: "dispatch";
  readonly phase: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
  readonly use: KernelUse;
}

type Transfer =
  | {
    readonly kind: "copy";
    readonly phase: string;
    readonly source: GPUBuffer;
    readonly sourceOffset: number;
    readonly target: GPUBuffer;
    readonly targetOffset: number;
    readonly byteLength: number;
  }
  | {
    readonly kind: "clear";
    readonly phase: string;
    readonly buffer: GPUBuffer;
    readonly offset: number;
    readonly byteLength: number;
  };

/** A recorded sequence. Every replay does the same to what the buffers hold then. */
export interface Recording {
  /** what a replay issues, in this order */
  readonly commands: readonly Command[];
  /** Issues all of them again. */
  replay(): void;
}

/**
 * Memory for the intermediate results of recordings. Recordings may share an arena if they never have
 * to remember anything from one replay to the next: each replay overwrites what any other left there.
 */
export interface Arena extends Disposable {
  /** where recordings take their buffers from */
  readonly pool: BufferPool;
}

/** Where commands go on their way to the queue. */
export interface Writer {
  /** Commands not yet submitted. */
  readonly count: number;
  /** Arithmetic operations of them, as far as they are counted. */
  readonly work: number;
  encode(command: Command): void;
  /** Sends everything encoded so far to the queue. */
  submit(): void;
}

/** Puts commands into encoders; consecutive dispatches share a compute pass. */
export class CommandWriter implements Writer {
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #pipeline: GPUComputePipeline | null = null;
  #count = 0;
  #work = 0;

  constructor(private readonly device: GPUDevice) {}

  get count(): number {
    return this.#count;
  }

  get work(): number {
    return this.#work;
  }

  encode(command: Command): void {
    this.#count++;
    if (command.kind === "dispatch") return this.#dispatch(command);
    this.#endPass();
    encodeTransfer(this.#open(), command);
  }

  submit(): void {
    this.#endPass();
    if (this.#encoder) this.device.queue.submit([this.#encoder.finish()]);
    this.#encoder = null;
    this.#count = 0;
    this.#work = 0;
  }

  #dispatch(command: Dispatch): void {
    this.#work += command.use.work ?? 0;
    this.#pass ??= this.#open().beginComputePass();
    if (this.#pipeline !== command.pipeline) this.#pass.setPipeline(command.pipeline);
    this.#pipeline = command.pipeline;
    this.#pass.setBindGroup(0, command.bindGroup);
    this.#pass.dispatchWorkgroups(...command.workgroups);
  }

  #open(): GPUCommandEncoder {
    return this.#encoder ??= this.device.createCommandEncoder();
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
    this.#pipeline = null;
  }
}

/** Encodes what needs no pass. */
export function encodeTransfer(encoder: GPUCommandEncoder, command: Transfer): void {
  if (command.kind === "clear") {
    return encoder.clearBuffer(command.buffer, command.offset, command.byteLength);
  }
  const { source, sourceOffset, target, targetOffset, byteLength } = command;
  encoder.copyBufferToBuffer(source, sourceOffset, target, targetOffset, byteLength);
}
