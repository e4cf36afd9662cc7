// Puts commands into encoders as `CommandWriter` does, but each alone, between two timestamps.

import { stagingBuffer, takeBytes } from "./transfers.ts";
import type { KernelRun } from "./profile.ts";
import { type Command, encodeTransfer, type Writer } from "./recording.ts";

/** WebGPU's limit. */
const queriesPerSet = 4096;
const bytesPerQuery = 8;

/** Measures every command that it encodes. Needs the feature "timestamp-query". Dispose of it when done. */
export class ProfilingWriter implements Writer, Disposable {
  readonly #sets: GPUQuerySet[] = [];
  readonly #commands: Command[] = [];
  /** a profile's commands run one by one, so none of them queues for long */
  readonly work = 0;
  #encoder: GPUCommandEncoder | null = null;
  #count = 0;

  constructor(private readonly device: GPUDevice) {}

  get count(): number {
    return this.#count;
  }

  encode(command: Command): void {
    const first = 2 * this.#commands.length % queriesPerSet;
    if (first === 0) {
      this.#sets.push(this.device.createQuerySet({ type: "timestamp", count: queriesPerSet }));
    }
    const querySet = this.#sets.at(-1)!;
    this.#commands.push(command);
    this.#count++;
    const encoder = this.#encoder ??= this.device.createCommandEncoder();
    if (command.kind !== "dispatch") {
      // Only passes can take the time, so empty ones stand before and behind.
      const stamp = (query: number) =>
        encoder.beginComputePass({
          timestampWrites: { querySet, beginningOfPassWriteIndex: query },
        })
          .end();
      stamp(first);
      encodeTransfer(encoder, command);
      stamp(first + 1);
      return;
    }
    const pass = encoder.beginComputePass({
      timestampWrites: {
        querySet,
        beginningOfPassWriteIndex: first,
        endOfPassWriteIndex: first + 1,
      },
    });
    pass.setPipeline(command.pipeline);
    pass.setBindGroup(0, command.bindGroup);
    pass.dispatchWorkgroups(...command.workgroups);
    pass.end();
  }

  submit(): void {
    if (this.#encoder) this.device.queue.submit([this.#encoder.finish()]);
    this.#encoder = null;
    this.#count = 0;
  }

  /**
   * Waits for everything submitted, and tells how each command ran.
   *
   * @param period nanoseconds of a tick
   */
  async read(period: number): Promise<KernelRun[]> {
    if (this.#commands.length === 0) return [];
    const stamps = await this.#readStamps();
    return this.#commands.map((command, index) => {
      const [begin, end] = stamps.subarray(2 * index, 2 * index + 2);
      const start = period === 1 ? begin : BigInt(Math.round(Number(begin) * period));
      const duration = Number(end - begin) * period / 1e6;
      return { ...contentOf(command), phase: command.phase, start, duration };
    });
  }

  [Symbol.dispose](): void {
    this.#sets.forEach((set) => set.destroy());
  }

  /** Two for each command, ticks. */
  async #readStamps(): Promise<BigUint64Array> {
    const queries = 2 * this.#commands.length;
    const size = queries * bytesPerQuery;
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
    const resolved = this.device.createBuffer({ size, usage });
    const staging = stagingBuffer(this.device, size);
    const encoder = this.device.createCommandEncoder();
    this.#sets.forEach((set, index) => {
      const before = index * queriesPerSet;
      const count = Math.min(queriesPerSet, queries - before);
      encoder.resolveQuerySet(set, 0, count, resolved, before * bytesPerQuery);
    });
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
    this.device.queue.submit([encoder.finish()]);
    const bytes = await takeBytes(staging);
    resolved.destroy();
    return new BigUint64Array(bytes);
  }
}

/** What a command is, and how much it does. */
function contentOf(command: Command): Pick<KernelRun, "kernel" | "bytes" | "work"> {
  switch (command.kind) {
    case "copy":
      return { kernel: "copy", bytes: 2 * command.byteLength, work: null };
    case "clear":
      return { kernel: "clear", bytes: command.byteLength, work: null };
    case "dispatch": {
      const { file, entryPoint, bytes, work } = command.use;
      return { kernel: `${file.name} ${entryPoint}`, bytes, work };
    }
  }
}
