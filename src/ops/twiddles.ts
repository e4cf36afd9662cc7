// Roots of unity on the GPU: the only sines and cosines of Fourier transforms, computed in double precision.

import type { BufferView } from "../gpu/buffers.ts";
import type { GpuRuntime } from "../gpu/runtime.ts";

/** Tables kept for each GPU; a network's layers need about ten. */
const maxTables = 64;

const tables = new WeakMap<GpuRuntime, Map<number, BufferView>>();

/**
 * exp(−2πi j/n) for j < n, f32 pairs. Made on first use, in a buffer that is filled as it is created:
 * unlike `gpu.write` this is allowed within a recording.
 */
export function twiddles(gpu: GpuRuntime, length: number): BufferView {
  const cache = tables.get(gpu) ?? new Map<number, BufferView>();
  tables.set(gpu, cache);
  const cached = cache.get(length);
  if (cached) return cached;
  if (cache.size >= maxTables) cache.clear(); // recordings keep alive what they use
  const table = upload(gpu.device, rootsOfUnity(length));
  cache.set(length, table);
  return table;
}

function rootsOfUnity(length: number): Float32Array {
  const roots = new Float32Array(2 * length);
  for (let j = 0; j < length; j++) {
    const angle = 2 * Math.PI * j / length;
    roots[2 * j] = Math.cos(angle);
    roots[2 * j + 1] = -Math.sin(angle);
  }
  return roots;
}

function upload(device: GPUDevice, data: Float32Array): BufferView {
  const { byteLength } = data;
  const buffer = device.createBuffer({
    label: "twiddles",
    size: byteLength,
    usage: GPUBufferUsage.STORAGE,
    mappedAtCreation: true,
  });
  new Float32Array(buffer.getMappedRange()).set(data);
  buffer.unmap();
  return { buffer, offset: 0, byteLength };
}
