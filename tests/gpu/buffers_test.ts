// The pool of buffers, with buffers that exist only in name.

import { BufferPool } from "../../src/gpu/buffers.ts";
import { assert, assertEquals } from "../assert.ts";

/** A pool whose buffers are objects with a size, and what happened to them. */
function makePool(maxPooledBytes: number) {
  const created: GPUBuffer[] = [];
  const destroyed: GPUBuffer[] = [];
  const create = (size: number) => {
    const buffer = { size, destroy: () => destroyed.push(buffer) } as unknown as GPUBuffer;
    created.push(buffer);
    return buffer;
  };
  const pool = new BufferPool({ create, destroy: (buffer) => buffer.destroy() }, maxPooledBytes);
  return { pool, created, destroyed };
}

Deno.test("BufferPool hands a buffer that came back to the next request of its size", () => {
  const { pool, created } = makePool(1 << 20);
  const first = pool.acquire(1000);
  assertEquals([pool.live, pool.pooled], [1, 0]);
  pool.release(first);
  assertEquals([pool.live, pool.pooled], [0, 1]);
  assert(pool.acquire(1020) === first);
  assertEquals([pool.live, pool.pooled], [1, 0]);
  assert(pool.acquire(1000) !== first);
  assertEquals(created.length, 2);
});

Deno.test("BufferPool rounds sizes up by a quarter at most, to multiples of 256", () => {
  const { pool } = makePool(1 << 30);
  for (let bytes = 4; bytes < 5e6; bytes = Math.ceil(bytes * 1.07)) {
    const { size } = pool.acquire(bytes);
    assert(size >= bytes && size % 256 === 0, `${bytes} became ${size}`);
    assert(size <= Math.max(bytes * 1.25, bytes + 255), `${bytes} became ${size}`);
  }
});

Deno.test("BufferPool destroys what comes back beyond its bound", () => {
  const { pool, destroyed } = makePool(4096);
  const buffers = [2048, 2048, 256].map((bytes) => pool.acquire(bytes));
  for (const buffer of buffers) pool.release(buffer);
  assertEquals(destroyed, [buffers[2]]);
  assertEquals([pool.live, pool.pooled], [0, 2]);
});

Deno.test("BufferPool destroys its free buffers when it is cleared, and no others", () => {
  const { pool, destroyed } = makePool(1 << 20);
  const [free] = [pool.acquire(256), pool.acquire(256)];
  pool.release(free);
  pool.clear();
  assertEquals(destroyed, [free]);
  assertEquals([pool.live, pool.pooled], [1, 0]);
});
