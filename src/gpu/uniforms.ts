// Parameter blocks of kernels, shared by all dispatches that are told the same.

/** Blocks kept; a training step uses some hundred different ones. */
const maxUniforms = 4096;

/** Blocks by what they hold: they never change. */
export class Uniforms {
  readonly #buffers = new Map<string, GPUBuffer>();

  constructor(private readonly device: GPUDevice) {}

  /** A buffer that holds these bytes. */
  get(bytes: Uint8Array<ArrayBuffer>): GPUBuffer {
    const key = String.fromCharCode(...bytes);
    const cached = this.#buffers.get(key);
    if (cached) return cached;
    if (this.#buffers.size >= maxUniforms) this.#buffers.clear();
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
    const buffer = this.device.createBuffer({ size: bytes.byteLength, usage });
    this.device.queue.writeBuffer(buffer, 0, bytes);
    this.#buffers.set(key, buffer);
    return buffer;
  }
}
