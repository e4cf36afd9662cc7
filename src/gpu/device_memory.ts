// The buffers of a device: the common pool and the arenas of recordings, and how much memory they take.

import { BufferPool, type BufferSource } from "./buffers.ts";
import type { Arena } from "./recording.ts";

/** Bytes of GPU memory in the pools' buffers, in use or waiting to be used again. */
export interface MemoryUse {
  /** of all pools together */
  readonly bytes: number;
  /** how much of it belongs to arenas */
  readonly arenaBytes: number;
}

/** Free memory beyond this goes back to the driver. */
const maxPooledBytes = 1 << 30;

/** All pools of a device, counted. */
export class DeviceMemory {
  /** for what belongs to no arena */
  readonly pool: BufferPool;
  readonly #arenas = new Set<BufferPool>();
  #use: MemoryUse = { bytes: 0, arenaBytes: 0 };
  #peak = this.#use;

  /** @param beforeDestroying commands that may use a buffer have to be submitted before it is destroyed */
  constructor(private readonly device: GPUDevice, private readonly beforeDestroying: () => void) {
    this.pool = new BufferPool(this.#source("pool"), maxPooledBytes);
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
  get use(): MemoryUse {
    return this.#use;
  }

  /** The same at the moment when there was most of it. */
  get peak(): MemoryUse {
    return this.#peak;
  }

  /** Memory for recordings; disposing of it invalidates them. */
  arena(): Arena {
    const pool = new BufferPool(this.#source("arena"), Infinity); // recordings refer to what is free
    this.#arenas.add(pool);
    return {
      pool,
      [Symbol.dispose]: () => {
        pool.clear();
        this.#arenas.delete(pool);
      },
    };
  }

  #source(owner: "pool" | "arena"): BufferSource {
    return {
      create: (size) => {
        const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
        const buffer = this.device.createBuffer({ size, usage });
        this.#count(owner, size);
        return buffer;
      },
      destroy: (buffer) => {
        this.beforeDestroying();
        buffer.destroy();
        this.#count(owner, -buffer.size);
      },
    };
  }

  #count(owner: "pool" | "arena", change: number): void {
    const { bytes, arenaBytes } = this.#use;
    this.#use = {
      bytes: bytes + change,
      arenaBytes: arenaBytes + (owner === "arena" ? change : 0),
    };
    if (this.#use.bytes > this.#peak.bytes) this.#peak = this.#use;
  }

  #sum(count: (pool: BufferPool) => number): number {
    return [this.pool, ...this.#arenas].reduce((sum, pool) => sum + count(pool), 0);
  }
}
