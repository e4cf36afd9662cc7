// Roots of unity and chirps on the GPU: all sines and cosines of Fourier transforms, from double precision.

import type { BufferView } from "../gpu/buffers.ts";
import type { GpuRuntime } from "../gpu/runtime.ts";

/** Tables kept for each GPU; a network's layers need about ten. */
const maxTables = 64;

const tables = new WeakMap<GpuRuntime, Map<string, BufferView>>();

/** exp(−2πi j/n) for j < n, f32 pairs. */
export function twiddles(gpu: GpuRuntime, length: number): BufferView {
  return table(gpu, `twiddles ${length}`, length, (j) => -2 * Math.PI * j / length);
}

/**
 * Bluestein's chirp exp(πi j²/n) for −n < j < n, f32 pairs, around a circle of `circle` ≥ 2n − 1 numbers:
 * negative j at its end, zeros between. The squares are reduced modulo 2n first, where they are exact.
 */
export function chirp(gpu: GpuRuntime, length: number, circle: number): BufferView {
  return table(gpu, `chirp ${length} ${circle}`, circle, (j) => {
    const distance = Math.min(j, circle - j);
    return distance < length ? Math.PI * (distance ** 2 % (2 * length)) / length : null;
  });
}

/**
 * Unit vectors of these angles, or zeros. Made on first use, in a buffer that is filled as it is created:
 * unlike `gpu.write` this is allowed within a recording.
 */
function table(
  gpu: GpuRuntime,
  name: string,
  count: number,
  angleOf: (index: number) => number | null,
): BufferView {
  const cache = tables.get(gpu) ?? new Map<string, BufferView>();
  tables.set(gpu, cache);
  const cached = cache.get(name);
  if (cached) return cached;
  if (cache.size >= maxTables) cache.clear(); // recordings keep alive what they use
  const data = new Float32Array(2 * count);
  for (let j = 0; j < count; j++) {
    const angle = angleOf(j);
    if (angle !== null) data.set([Math.cos(angle), Math.sin(angle)], 2 * j);
  }
  const view = upload(gpu.device, name, data);
  cache.set(name, view);
  return view;
}

function upload(device: GPUDevice, label: string, data: Float32Array): BufferView {
  const { byteLength } = data;
  const buffer = device.createBuffer({
    label,
    size: byteLength,
    usage: GPUBufferUsage.STORAGE,
    mappedAtCreation: true,
  });
  new Float32Array(buffer.getMappedRange()).set(data);
  buffer.unmap();
  return { buffer, offset: 0, byteLength };
}
