// The GPU as the rest of the engine sees it: memory with scopes, kernels, recordings, reading back.

import { type AdapterDescription } from "./adapter.ts";
import { BufferPool, type BufferSource, type BufferView } from "./buffers.ts";
import { GpuError } from "./errors.ts";
import { type KernelFile, packParams } from "./kernel.ts";
import { type Constants, PipelineCache } from "./pipelines.ts";
import type { Profile } from "./profile.ts";
import { ProfilingWriter } from "./profiling_writer.ts";
import {
  type Arena,
  type BoundView,
  type Command,
  CommandWriter,
  type Recording,
  type Writer,
} from "./recording.ts";

/** One run of a kernel. */
export interface DispatchSpec {
  readonly file: KernelFile;
  readonly entryPoint: string;
  readonly constants?: Constants;
  /** exactly the members of the kernel's `Params` */
  readonly params?: Readonly<Record<string, number>>;
  /** exactly the storage variables that the entry point uses */
  readonly buffers: Readonly<Record<string, BufferView>>;
  /** workgroups in x, y and z */
  readonly workgroups: readonly [number, number?, number?];
  /**
   * Arithmetic operations, for profiles: those of the direct algorithm, a multiply-add being two, whatever
   * the kernel does. Leave it out where there is no closed form or arithmetic does not matter.
   */
  readonly work?: number;
}

/** Bytes of GPU memory in the pools' buffers, in use or waiting to be used again. */
export interface MemoryUse {
  readonly bytes: number;
  /** how much of it belongs to arenas */
  readonly arenaBytes: number;
}

/** What a scope gives back at its end. */
interface Scoped {
  dispose(): void;
}

/** Commands go to the queue in groups of about this many. */
const commandsPerSubmit = 256;
/** Free memory beyond this goes back to the driver. */
const maxPooledBytes = 1 << 30;
/** Parameter blocks kept; a training step uses some hundred different ones. */
const maxUniforms = 4096;

const storageUsage = 0x80 | 0x08 | 0x04; // STORAGE | COPY_DST | COPY_SRC
const readbackUsage = 0x01 | 0x08; // MAP_READ | COPY_DST
const uniformUsage = 0x40 | 0x08; // UNIFORM | COPY_DST

/** A device with its pool, its pipelines and its command stream. Dispatching is synchronous; only reading back waits. */
export class GpuRuntime {
  /**
   * The part of the work that commands issued from now on belong to, such as "forward": profiles tell it.
   * A recording begins without one and gives back what was set before.
   */
  phase = "";
  #writer: Writer;
  readonly #cache: PipelineCache;
  readonly #pool: BufferPool;
  readonly #arenas = new Set<BufferPool>();
  readonly #uniforms = new Map<string, GPUBuffer>();
  readonly #scopes: Set<Scoped>[] = [];
  readonly #checks = new Set<Promise<unknown>>();
  #failure: GpuError | null = null;
  #recording: { commands: Command[]; pool: BufferPool } | null = null;
  #recordings = 0;
  #memory: MemoryUse = { bytes: 0, arenaBytes: 0 };
  #peakMemory = this.#memory;

  constructor(readonly device: GPUDevice, readonly adapter: AdapterDescription) {
    this.#writer = new CommandWriter(device);
    this.#cache = new PipelineCache(device, adapter.name, (pending) => this.#expect(pending));
    this.#pool = new BufferPool(this.#bufferSource("pool"), maxPooledBytes);
    device.addEventListener(
      "uncapturederror",
      (event) => this.#fail(asGpuError((event as GPUUncapturedErrorEvent).error)),
    );
    device.lost.then(({ reason, message }) =>
      this.#fail(new GpuError("device-lost", `Device lost (${reason}): ${message}`))
    );
  }

  /** Buffers in use. */
  get live(): number {
    return this.#sum((pool) => pool.live);
  }

  /** Buffers waiting to be used again. */
  get pooled(): number {
    return this.#sum((pool) => pool.pooled);
  }

  /** Memory of the buffers that `live` and `pooled` count. */
  get memory(): MemoryUse {
    return this.#memory;
  }

  /** The same at the moment when there was most of it. */
  get peakMemory(): MemoryUse {
    return this.#peakMemory;
  }

  /** Compiled pipelines. */
  get pipelines(): number {
    return this.#cache.size;
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
    this.#throwFailure();
    const limit = this.adapter.limits.maxStorageBufferBindingSize;
    if (bytes > limit) {
      throw new GpuError(
        "limit",
        `Cannot allocate ${subject} of ${bytes} bytes: adapter "${this.adapter.name}" binds at most ${limit}; ` +
          "use a smaller batch, image size, width or number of parallel clients",
      );
    }
    const pool = this.#recording?.pool ?? this.#pool;
    const buffer = pool.acquire(bytes);
    return { buffer, release: () => pool.release(buffer) };
  }

  /** Opens a scope: what is created until its end and not kept goes back to the pool then. Use with `using`. */
  scope(): Disposable {
    const items = new Set<Scoped>();
    this.#scopes.push(items);
    return {
      [Symbol.dispose]: () => {
        if (this.#scopes.at(-1) !== items) {
          throw new TypeError("Cannot end a scope: a scope opened inside it has not ended");
        }
        this.#scopes.pop();
        for (const item of items) item.dispose();
      },
    };
  }

  /** Puts an item under the innermost scope, if there is one. */
  track(item: Scoped): void {
    this.#scopes.at(-1)?.add(item);
  }

  /** What `make` allocates belongs to no scope and no recording's arena: its owner disposes of it. */
  persistent<T>(make: () => T): T {
    const recording = this.#recording;
    this.#recording = null;
    const scopes = this.#scopes.splice(0);
    try {
      return make();
    } finally {
      this.#recording = recording;
      this.#scopes.push(...scopes);
    }
  }

  /** Takes an item out of every scope: from now on its owner disposes of it. */
  keep<T extends Scoped>(item: T): T {
    for (const items of this.#scopes) items.delete(item);
    return item;
  }

  /** Runs a kernel. Nothing has happened yet when this returns; the order of calls is the order of effects. */
  dispatch(spec: DispatchSpec): void {
    const { file, entryPoint, constants = {}, params = {} } = spec;
    const [x, y = 1, z = 1] = spec.workgroups;
    const limit = this.adapter.limits.maxComputeWorkgroupsPerDimension;
    if (Math.max(x, y, z) > limit) {
      throw new GpuError(
        "limit",
        `Cannot run ${file.name} ${entryPoint} with [${x}, ${y}, ${z}] workgroups: ` +
          `adapter "${this.adapter.name}" allows ${limit} in each dimension`,
      );
    }
    if (x * y * z === 0) return;
    const { pipeline, layout } = this.#cache.get(file, entryPoint, constants);
    const entries: BoundView[] = Object.entries(spec.buffers).map(([name, view]) => ({
      binding: bindingOf(file, name),
      resource: { buffer: view.buffer, offset: view.offset, size: view.byteLength },
    }));
    if (file.params.length > 0) {
      const buffer = this.#uniform(packParams(file, params));
      entries.push({ binding: 0, resource: { buffer, offset: 0, size: buffer.size } });
    }
    const label = `${file.name} ${entryPoint}`;
    const bindGroup = this.device.createBindGroup({ label, layout, entries });
    this.#issue({
      kind: "dispatch",
      phase: this.phase,
      pipeline,
      bindGroup,
      workgroups: [x, y, z],
      use: { file, entryPoint, entries, work: spec.work ?? null },
    });
  }

  /** Copies bytes between buffers, which must be different ones. */
  copy(source: BufferView, target: BufferView, byteLength = source.byteLength): void {
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

  /** Sets bytes to zero. */
  clear({ buffer, offset, byteLength }: BufferView): void {
    this.#issue({ kind: "clear", phase: this.phase, buffer, offset, byteLength });
  }

  /** Uploads data, after everything issued before and before everything issued later. */
  write(view: BufferView, data: ArrayBufferView<ArrayBuffer>): void {
    if (this.#recording) {
      throw new TypeError("Cannot upload within a recording: a replay would not repeat it");
    }
    this.flush();
    const { buffer, byteOffset, byteLength } = data;
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
    await this.#check();
    return bytes;
  }

  /** Sends what has been issued to the device. */
  flush(): void {
    this.#throwFailure();
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
    await this.#check();
  }

  /** Memory for recordings; disposing of it invalidates them. */
  arena(): Arena {
    const pool = new BufferPool(this.#bufferSource("arena"), Infinity); // recordings refer to what is free
    this.#arenas.add(pool);
    return {
      pool,
      [Symbol.dispose]: () => {
        pool.clear();
        this.#arenas.delete(pool);
      },
    };
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
    const start = performance.now();
    this.#writer = profiling;
    try {
      await body();
      await this.finish();
    } finally {
      profiling.submit();
      this.#writer = writer;
    }
    const wall = performance.now() - start;
    const runs = await profiling.read();
    await this.#check();
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

  /** Destroys the device and all its memory. */
  dispose(): void {
    this.device.destroy();
  }

  #issue(command: Command): void {
    if (this.#recording) this.#recording.commands.push(command);
    else this.#encode(command);
  }

  #encode(command: Command): void {
    this.#writer.encode(command);
    if (this.#writer.count >= commandsPerSubmit) this.flush();
  }

  #bufferSource(owner: "pool" | "arena"): BufferSource {
    return {
      create: (size) => {
        const buffer = this.device.createBuffer({ size, usage: storageUsage });
        this.#countMemory(owner, size);
        return buffer;
      },
      destroy: (buffer) => {
        this.#writer.submit(); // commands not yet submitted may use it
        buffer.destroy();
        this.#countMemory(owner, -buffer.size);
      },
    };
  }

  #countMemory(owner: "pool" | "arena", change: number): void {
    const { bytes, arenaBytes } = this.#memory;
    this.#memory = {
      bytes: bytes + change,
      arenaBytes: arenaBytes + (owner === "arena" ? change : 0),
    };
    if (this.#memory.bytes > this.#peakMemory.bytes) this.#peakMemory = this.#memory;
  }

  /** Parameter blocks never change, so equal ones share a buffer. */
  #uniform(bytes: Uint8Array<ArrayBuffer>): GPUBuffer {
    const key = String.fromCharCode(...bytes);
    const cached = this.#uniforms.get(key);
    if (cached) return cached;
    if (this.#uniforms.size >= maxUniforms) this.#uniforms.clear();
    const buffer = this.device.createBuffer({ size: bytes.byteLength, usage: uniformUsage });
    this.device.queue.writeBuffer(buffer, 0, bytes);
    this.#uniforms.set(key, buffer);
    return buffer;
  }

  #sum(count: (pool: BufferPool) => number): number {
    return [this.#pool, ...this.#arenas].reduce((sum, pool) => sum + count(pool), 0);
  }

  #expect(pending: Promise<GpuError | null>): void {
    const check = pending.then((error) => {
      this.#checks.delete(check);
      if (error) this.#fail(error);
    });
    this.#checks.add(check);
  }

  /** The first failure is the cause; later ones follow from it. */
  #fail(error: GpuError): void {
    this.#failure ??= error;
  }

  async #check(): Promise<void> {
    await Promise.all(this.#checks);
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure;
  }
}

function bindingOf(file: KernelFile, name: string): number {
  const binding = file.bindings.get(name);
  if (binding === undefined) {
    throw new TypeError(
      `Cannot bind "${name}" in ${file.name}: it declares [${[...file.bindings.keys()]}]`,
    );
  }
  return binding;
}

function asGpuError(error: GPUError): GpuError {
  const kind = error instanceof GPUOutOfMemoryError ? "out-of-memory" : "validation";
  const remedy = kind === "out-of-memory" ? "; use a smaller batch, image size or width" : "";
  return new GpuError(kind, `${error.message.trim()}${remedy}`);
}
