// The pool of GPU buffers: memory that comes back is kept for the next request of its size.

/** A piece of a GPU buffer. Offsets of pieces that are bound are multiples of 256 bytes. */
export interface BufferView {
  /** of which this is a piece */
  readonly buffer: GPUBuffer;
  /** bytes */
  readonly offset: number;
  /** bytes, a multiple of 4 */
  readonly byteLength: number;
  /** whose memory it is; undefined where nobody has to know */
  readonly gpu?: unknown;
}

/** Where a pool's buffers come from and go to. */
export interface BufferSource {
  create(bytes: number): GPUBuffer;
  destroy(buffer: GPUBuffer): void;
}

/** Hands out buffers and takes them back. What it hands out is dirty. */
export class BufferPool {
  readonly #free = new Map<number, GPUBuffer[]>();
  #live = 0;
  #pooled = 0;
  #pooledBytes = 0;

  /** At most `maxPooledBytes` of free memory are kept. */
  constructor(private readonly source: BufferSource, private readonly maxPooledBytes: number) {}

  /** Buffers handed out. */
  get live(): number {
    return this.#live;
  }

  /** Buffers waiting to be used again. */
  get pooled(): number {
    return this.#pooled;
  }

  /** A buffer of at least so many bytes. */
  acquire(bytes: number): GPUBuffer {
    const capacity = sizeClass(bytes);
    const free = this.#free.get(capacity)?.pop();
    if (free) {
      this.#pooled--;
      this.#pooledBytes -= capacity;
    }
    const buffer = free ?? this.source.create(capacity);
    this.#live++;
    return buffer;
  }

  /** Takes a buffer back; the caller must not use it any more. */
  release(buffer: GPUBuffer): void {
    this.#live--;
    if (this.#pooledBytes + buffer.size > this.maxPooledBytes) return this.source.destroy(buffer);
    const free = this.#free.get(buffer.size);
    if (free) free.push(buffer);
    else this.#free.set(buffer.size, [buffer]);
    this.#pooled++;
    this.#pooledBytes += buffer.size;
  }

  /** Gives all free buffers back to the driver. */
  clear(): void {
    for (const buffers of this.#free.values()) {
      buffers.forEach((buffer) => this.source.destroy(buffer));
    }
    this.#free.clear();
    this.#pooled = 0;
    this.#pooledBytes = 0;
  }
}

/**
 * The size that a request is rounded up to: 256 bytes, then four steps in each power of two. A quarter
 * of the memory at most stays unused, and a pool meets few different sizes.
 */
export function sizeClass(bytes: number): number {
  if (bytes <= 256) return 256;
  const step = Math.max(256, 2 ** (Math.ceil(Math.log2(bytes)) - 3));
  return Math.ceil(bytes / step) * step;
}
