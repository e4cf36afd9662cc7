// The GPU as the rest of the engine sees it: memory with scopes, kernels, recordings, reading back.

import { type Clock, systemClock } from "../clock.ts";
import { type AdapterDescription } from "./adapter.ts";
import type { BufferPool, BufferView } from "./buffers.ts";
import { DeviceMemory, type MemoryUse } from "./device_memory.ts";
import { Dispatcher, type DispatchSpec } from "./dispatcher.ts";
import { GpuError } from "./errors.ts";
import { Failures } from "./failures.ts";
import type { Profile } from "./profile.ts";
import { ProfilingWriter } from "./profiling_writer.ts";
import {
  type Arena,
  type Command,
  CommandWriter,
  type Recording,
  type Writer,
} from "./recording.ts";
import { type Scoped, Scopes } from "./scopes.ts";

/** Commands go to the queue in groups of about this many. */
const commandsPerSubmit = 256;
const readbackUsage = 0x01 | 0x08; // MAP_READ | COPY_DST

/** A device with its pool, its pipelines and its command stream. Dispatching is synchronous; only reading back waits. */
export class GpuRuntime {
  /**
   * The part of the work that commands issued from now on belong to, such as "forward": profiles tell it.
   * A recording begins without one and gives back what was set before.
   */
  phase = "";
  /** What measurements and the pace of progress go by; no result depends on it. */
  clock: Clock = systemClock;
  #writer: Writer;
  readonly #failures: Failures;
  readonly #dispatcher: Dispatcher;
  readonly #memory: DeviceMemory;
  readonly #scopes = new Scopes();
  #recording: { commands: Command[]; pool: BufferPool } | null = null;
  #recordings = 0;

  constructor(readonly device: GPUDevice, readonly adapter: AdapterDescription) {
    this.#writer = new CommandWriter(device);
    this.#failures = new Failures(device);
    this.#dispatcher = new Dispatcher(
      device,
      adapter,
      this,
      (check) => this.#failures.expect(check),
    );
    this.#memory = new DeviceMemory(device, () => this.#writer.submit());
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
    return this.#recording ? this.#recordings : 0;
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
    const pool = this.#recording?.pool ?? this.#memory.pool;
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
    const recording = this.#recording;
    this.#recording = null;
    try {
      return this.#scopes.outside(make);
    } finally {
      this.#recording = recording;
    }
  }

  /** Takes an item out of every scope: from now on its owner disposes of it. */
  keep<T extends Scoped>(item: T): T {
    this.#scopes.keep(item);
    return item;
  }

  /** Runs a kernel. Nothing has happened yet when this returns; the order of calls is the order of effects. */
  dispatch(spec: DispatchSpec): void {
    const command = this.#dispatcher.commandOf(spec, this.phase);
    if (command) this.#issue(command);
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
    this.#issue({
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
    this.#issue({ kind: "clear", phase: this.phase, buffer, offset, byteLength });
  }

  /**
   * Uploads data, after everything issued before and before everything issued later.
   *
   * @throws {TypeError} for memory of another Gpu, or within a recording
   * @throws {RangeError} for more data than there is room for
   */
  write(view: BufferView, data: ArrayBufferView<ArrayBuffer>): void {
    this.#expectOwn("write", view);
    if (this.#recording) {
      throw new TypeError("Cannot upload within a recording: a replay would not repeat it");
    }
    this.flush();
    const { buffer, byteOffset, byteLength } = data;
    if (byteLength > view.byteLength) {
      throw new RangeError(
        `Cannot write ${byteLength} bytes: there is room for ${view.byteLength}`,
      );
    }
    if (byteLength === 0) return;
    const whole = byteLength - byteLength % 4;
    this.device.queue.writeBuffer(view.buffer, view.offset, buffer, byteOffset, whole);
    if (whole === byteLength) return;
    const tail = new Uint8Array(4); // uploads are in words
    tail.set(new Uint8Array(buffer, byteOffset + whole, byteLength - whole));
    this.device.queue.writeBuffer(view.buffer, view.offset + whole, tail);
  }

  /**
   * Downloads bytes, one view's after the other's. This waits for everything issued before.
   *
   * @throws {GpuError} if anything went wrong on the device; a device that failed stays failed
   */
  async read(...views: BufferView[]): Promise<ArrayBuffer> {
    if (this.#recording) throw new TypeError("Cannot read back within a recording");
    this.#expectOwn("read", ...views);
    const size = views.reduce((sum, view) => sum + view.byteLength, 0);
    const staging = this.device.createBuffer({ size, usage: readbackUsage });
    let offset = 0;
    for (const view of views) {
      this.copy(view, { buffer: staging, offset, byteLength: view.byteLength });
      offset += view.byteLength;
    }
    this.flush();
    try {
      await staging.mapAsync(1);
    } catch (error) {
      await this.finish(); // throws the cause, which may be reported a moment later
      throw error;
    }
    const bytes = staging.getMappedRange().slice(0);
    staging.destroy();
    await this.#failures.settled();
    return bytes;
  }

  /** Sends what has been issued to the device. */
  flush(): void {
    this.#failures.throwIfAny();
    this.#writer.submit();
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
    if (this.#recording) throw new TypeError("Cannot record within a recording");
    const commands: Command[] = [];
    const { phase } = this;
    this.phase = "";
    this.#recordings++;
    this.#recording = { commands, pool: arena.pool };
    try {
      using _scope = this.scope();
      body();
    } finally {
      this.#recording = null;
      this.phase = phase;
    }
    return { commands, replay: () => commands.forEach((command) => this.#encode(command)) };
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
    if (this.#recording) throw new TypeError("Cannot profile within a recording");
    const writer = this.#writer;
    if (writer instanceof ProfilingWriter) throw new TypeError("Cannot profile within a profile");
    await this.finish();
    using profiling = new ProfilingWriter(this.device);
    const start = this.clock.now();
    this.#writer = profiling;
    try {
      await body();
      await this.finish();
    } finally {
      profiling.submit();
      this.#writer = writer;
    }
    const wall = this.clock.now() - start;
    const runs = await profiling.read();
    await this.#failures.settled();
    return { runs, wall };
  }

  /** @throws {GpuError} of kind "feature" unless the adapter can tell when a kernel begins and ends */
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

  #issue(command: Command): void {
    if (this.#recording) this.#recording.commands.push(command);
    else this.#encode(command);
  }

  #encode(command: Command): void {
    this.#writer.encode(command);
    if (this.#writer.count >= commandsPerSubmit) this.flush();
  }
}
