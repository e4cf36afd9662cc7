// Bytes between the host and a device.

import type { BufferView } from "./buffers.ts";

/**
 * Uploads data, before everything that is submitted from now on.
 *
 * @throws {RangeError} for more data than there is room for
 */
export function upload(
  queue: GPUQueue,
  view: BufferView,
  { buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>,
): void {
  if (byteLength > view.byteLength) {
    throw new RangeError(
      `Cannot write ${byteLength} bytes: there is room for ${view.byteLength}`,
    );
  }
  if (byteLength === 0) return;
  const whole = byteLength - byteLength % 4;
  queue.writeBuffer(view.buffer, view.offset, buffer, byteOffset, whole);
  if (whole === byteLength) return;
  const tail = new Uint8Array(4); // uploads are in words
  tail.set(new Uint8Array(buffer, byteOffset + whole, byteLength - whole));
  queue.writeBuffer(view.buffer, view.offset + whole, tail);
}

/** Memory that the host can read, with room for what is copied there first. */
export function stagingBuffer(device: GPUDevice, size: number): GPUBuffer {
  return device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
}

/** Waits for what was submitted, and takes the bytes of a staging buffer out of it. */
export async function takeBytes(staging: GPUBuffer): Promise<ArrayBuffer> {
  await staging.mapAsync(GPUMapMode.READ);
  const bytes = staging.getMappedRange().slice(0);
  staging.destroy();
  return bytes;
}
