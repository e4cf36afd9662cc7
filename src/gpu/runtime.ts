// The GPU as the rest of the engine sees it: one face of what does the work.

import { type Clock, systemClock } from "../clock.ts";
import { type AdapterDescription } from "./adapter.ts";
import type { BufferView } from "./buffers.ts";
import { CommandStream } from "./command_stream.ts";
import { DeviceMemory, type MemoryUse } from "./device_memory.ts";
import { Dispatcher, type DispatchSpec } from "./dispatcher.ts";
import { GpuError } from "./errors.ts";
import { Failures } from "./failures.ts";
import type { Profile } from "./profile.ts";
import { ProfilingWriter } from "./profiling_writer.ts";
import type { Arena, Recording } from "./recording.ts";
import { type Scoped, Scopes } from "./scopes.ts";
import { measurePeriod } from "./timestamps.ts";
import { stagingBuffer, takeBytes, upload } from "./transfers.ts";

/** A device with its pool, its pipelines and its command stream. Dispatching is synchronous; only reading back waits. */
export class GpuRuntime {
  /**
   * The part of the work that commands issued from now on belong to, such as "forward": profiles tell it.
   * A recording begins without one and gives back what was set before.
   */
  phase = "";
  /** What measurements and the pace of progress go by; no result depends on it. */
  clock: Clock = systemClock;
  /** Which kernels were measured to be the fastest here, by the names of operations' shapes; see `tuneFor()`. */
  kernels: ReadonlyMap<string, string> = new Map();
  readonly #failures: Failures;
  readonly #commands: CommandStream;
  readonly #dispatcher: Dispatcher;
  readonly #memory: DeviceMemory;
  readonly #scopes = new Scopes();
  /** nanoseconds of a timestamp's tick, once somebody has asked */
  #period: Promise<number> | null = null;

  /** Use `openGpu()`, which asks for the device: the runtime owns it from here on. */
  constructor(readonly device: GPUDevice, readonly adapter: AdapterDescription) {
    this.#failures = new Failures(device);
    this.#commands = new CommandStream(device, this.#failures);
    this.#dispatcher = new Dispatcher(
      device,
      adapter,
      this,
      (check) => this.#failures.expect(check),
    );
    this.#memory = new DeviceMemory(device, () => this.#commands.submit());
  }

  /** Buffers in use. */
  get live(): number {
    return this.#memory.live;
  }

  /** Buffers waiting to be used again. */
  get pooled(): number {
    return this.#memory.pooled;
  }

  /** Memory of the buffers that `live` and `pooled` count. */
  get memory(): MemoryUse {
    return this.#memory.use;
  }

  /** The same at the moment when there was most of it. */
  get peakMemory(): MemoryUse {
    return this.#memory.peak;
  }

  /** Compiled pipelines. */
  get pipelines(): number {
    return this.#dispatcher.pipelines;
  }

  /** Which sequence commands go to now: 0, or the number of the recording being made. */
  get stream(): number {
    return this.#commands.number;
  }

  /**
   * A buffer whose contents are arbitrary. `release` gives it back.
   *
   * @param subject what it is for, for the message
   * @throws {GpuError} of kind "limit" where the adapter cannot bind that much at once
   */
  allocate(bytes: number, subject = "a buffer"): { buffer: GPUBuffer; release: () => void } {
    this.#failures.throwIfAny();
    const limit = this.adapter.limits.maxStorageBufferBindingSize;
    if (bytes > limit) {
      throw new GpuError(
        "limit",
        `Cannot allocate ${subject} of ${bytes} bytes: adapter "${this.adapter.name}" binds at most ${limit}; ` +
          "use a smaller batch, image size, width or number of parallel clients",
      );
    }
    const pool = this.#commands.recordingPool ?? this.#memory.pool;
    const buffer = pool.acquire(bytes);
    return { buffer, release: () => pool.release(buffer) };
  }

  /** Opens a scope: what is created until its end and not kept goes back to the pool then. Use with `using`. */
  scope(): Disposable {
    return this.#scopes.open();
  }

  /** Puts an item under the innermost scope, if there is one. */
  track(item: Scoped): void {
    this.#scopes.track(item);
  }

  /** What `make` allocates belongs to no scope and no recording's arena: its owner disposes of it. */
  persistent<T>(make: () => T): T {
    return this.#commands.outsideRecording(() => this.#scopes.outside(make));
  }

  /** Takes an item out of every scope: from now on its owner disposes of it. */
  keep<T extends Scoped>(item: T): T {
    this.#scopes.keep(item);
    return item;
  }

  /** Runs a kernel. Nothing has happened yet when this returns; the order of calls is the order of effects. */
  dispatch(spec: DispatchSpec): void {
    const command = this.#dispatcher.commandOf(spec, this.phase);
    if (command) this.#commands.issue(command);
  }

  /**
   * Copies bytes between buffers, which must be different ones.
   *
   * @throws {TypeError} for memory of another Gpu, or of one and the same buffer
   * @throws {RangeError} for more bytes than either side has
   */
  copy(source: BufferView, target: BufferView, byteLength = source.byteLength): void {
    this.#expectOwn("copy", source, target);
    if (source.buffer === target.buffer) {
      throw new TypeError("Cannot copy: source and target lie in the same buffer");
    }
    const room = Math.min(source.byteLength, target.byteLength);
    if (!(byteLength >= 0 && byteLength <= room && byteLength % 4 === 0)) {
      throw new RangeError(
        `Cannot copy ${byteLength} bytes: the source has ${source.byteLength}, the target ` +
          `${target.byteLength}, and it has to be a multiple of 4`,
      );
    }
    this.#commands.issue({
      kind: "copy",
      phase: this.phase,
      source: source.buffer,
      sourceOffset: source.offset,
      target: target.buffer,
      targetOffset: target.offset,
      byteLength,
    });
  }

  /** Sets bytes to zero. @throws {TypeError} for memory of another Gpu */
  clear(view: BufferView): void {
    this.#expectOwn("clear", view);
    const { buffer, offset, byteLength } = view;
    this.#commands.issue({ kind: "clear", phase: this.phase, buffer, offset, byteLength });
  }

  /**
   * Uploads data, after everything issued before and before everything issued later.
   *
   * @throws {TypeError} for memory of another Gpu, or within a recording
   * @throws {RangeError} for more data than there is room for
   */
  write(view: BufferView, data: ArrayBufferView<ArrayBuffer>): void {
    this.#expectOwn("write", view);
    this.#commands.expectNoRecording("upload within a recording: a replay would not repeat it");
    this.flush();
    upload(this.device.queue, view, data);
  }

  /**
   * Downloads bytes, one view's after the other's. This waits for everything issued before.
   *
   * @throws {GpuError} if anything went wrong on the device; a device that failed stays failed
   */
  async read(...views: BufferView[]): Promise<ArrayBuffer> {
    this.#commands.expectNoRecording("read back within a recording");
    this.#expectOwn("read", ...views);
    const size = views.reduce((sum, view) => sum + view.byteLength, 0);
    const staging = stagingBuffer(this.device, size);
    let offset = 0;
    for (const view of views) {
      this.copy(view, { buffer: staging, offset, byteLength: view.byteLength });
      offset += view.byteLength;
    }
    this.flush();
    try {
      const bytes = await takeBytes(staging);
      await this.#failures.settled();
      return bytes;
    } catch (error) {
      await this.finish(); // throws the cause, which may be reported a moment later
      throw error;
    }
  }

  /** Sends what has been issued to the device. */
  flush(): void {
    this.#commands.flush();
  }

  /**
   * Waits until everything issued is done.
   *
   * @throws {GpuError} if anything went wrong on the device; a device that failed stays failed
   */
  async finish(): Promise<void> {
    this.flush();
    await this.device.queue.onSubmittedWorkDone();
    await this.#failures.settled();
  }

  /** Memory for recordings; disposing of it invalidates them. */
  arena(): Arena {
    return this.#memory.arena();
  }

  /**
   * Records the commands that `body` issues, without running them. Memory it allocates belongs to
   * the arena; it returns nothing, because its results must lie in tensors made before.
   */
  record(arena: Arena, body: () => void): Recording {
    const { phase } = this;
    this.phase = "";
    try {
      return this.#commands.record(arena, () => {
        using _scope = this.scope();
        body();
      });
    } finally {
      this.phase = phase;
    }
  }

  /**
   * Runs `body` and tells how long each command that it issues takes on the GPU. Meanwhile every command
   * runs alone, so that together they take longer than usual; what they compute is the same.
   *
   * @param body issues or replays commands; uploads are not measured
   * @throws {GpuError} of kind "feature" where the adapter cannot take the time
   * @throws {TypeError} within a recording or another profile
   */
  async profile(body: () => void | Promise<void>): Promise<Profile> {
    this.expectTimestamps();
    this.#commands.expectNoRecording("profile within a recording");
    const period = await (this.#period ??= measurePeriod(this.device));
    await this.finish();
    using profiling = new ProfilingWriter(this.device);
    const start = this.clock.now();
    await this.#commands.through(profiling, async () => {
      await body();
      await this.finish();
    });
    const wall = this.clock.now() - start;
    const runs = await profiling.read(period);
    await this.#failures.settled();
    return { runs, wall };
  }

  /**
   * Refuses to profile where that cannot be done.
   *
   * @throws {GpuError} of kind "feature" unless the adapter can tell when a kernel begins and ends
   */
  expectTimestamps(): void {
    if (this.device.features.has("timestamp-query")) return;
    throw new GpuError(
      "feature",
      `Cannot profile: adapter "${this.adapter.name}" lacks the feature "timestamp-query"; ` +
        "profile on another adapter",
    );
  }

  /** Destroys the device and all its memory: whatever is done with it afterwards is an error. */
  dispose(): void {
    this.#failures.end(new GpuError("device-lost", "Cannot use this Gpu: it was disposed of"));
    this.device.destroy();
  }

  #expectOwn(action: string, ...views: readonly BufferView[]): void {
    if (views.every(({ gpu }) => gpu === undefined || gpu === this)) return;
    throw new TypeError(`Cannot ${action}: the memory belongs to another Gpu`);
  }
}
