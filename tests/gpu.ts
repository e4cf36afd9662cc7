// The GPU of a test file. Its memory is dirty wherever a program could count on that it is not, and
// workgroups lie in several rows wherever a larger problem would need that.

import { preferVulkan } from "../src/commands/webgpu_backend.ts";
import { type AdapterKind, openDevice } from "../src/gpu/adapter.ts";
import type { DispatchSpec } from "../src/gpu/dispatcher.ts";
import { Gpu } from "../src/tensor/gpu.ts";

/** What fresh memory holds: far from every result, and a sum that includes it shows. */
export const canary = 1.25e9;

const canaryCount = 1 << 18;

/**
 * Fills each buffer with canaries before handing it out, so that a kernel which never ran cannot pass;
 * and gives kernels that continue in y what does not fit in x a row more than they need.
 */
class HostileGpu extends Gpu {
  readonly #canaries = this.device.createBuffer({
    size: canaryCount * 4,
    usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });

  static async open(): Promise<HostileGpu> {
    const { device, description } = await openDevice("auto");
    const gpu = new HostileGpu(device, description);
    device.queue.writeBuffer(gpu.#canaries, 0, new Float32Array(canaryCount).fill(canary));
    return gpu;
  }

  override allocate(
    bytes: number,
    subject?: string,
  ): { buffer: GPUBuffer; release: () => void } {
    const { buffer, release } = super.allocate(bytes, subject);
    for (let offset = 0; offset < buffer.size; offset += canaryCount * 4) {
      const byteLength = Math.min(canaryCount * 4, buffer.size - offset);
      this.copy(
        { buffer: this.#canaries, offset: 0, byteLength },
        { buffer, offset, byteLength },
      );
    }
    return { buffer, release };
  }

  override dispatch(spec: DispatchSpec): void {
    super.dispatch({ ...spec, workgroups: inMoreRows(spec) });
  }
}

/** The workgroups of an entry point that numbers them through, row by row: it takes an Invocation. */
function inMoreRows({ file, entryPoint, workgroups }: DispatchSpec): DispatchSpec["workgroups"] {
  const [x, y = 1, z] = workgroups;
  const numbered = new RegExp(`fn ${entryPoint}\\([^{]*(num_workgroups|: Invocation)`).test(
    file.source,
  );
  if (!numbered || z !== undefined) return workgroups;
  return [Math.ceil(x * y / (y + 1)), y + 1];
}

preferVulkan();

/** One for each test file, because each runs by itself. */
export const gpu: Gpu = await HostileGpu.open();
globalThis.addEventListener("unload", () => gpu.dispose());

/** The kinds of adapter for which there are kernels of their own; any adapter can run both. */
export const adapterKinds: readonly AdapterKind[] = ["cpu", "gpu"];

/** A test of what has kernels of its own for each kind of adapter. */
export function kernelTest(name: string, body: () => Promise<void>): void {
  for (const kind of adapterKinds) {
    Deno.test(`${name}, with the kernels for a ${kind}`, () => withKernelsFor(kind, body));
  }
}

/** Runs `body` with the kernels for one kind of adapter. */
export async function withKernelsFor(
  kind: AdapterKind,
  body: () => Promise<void>,
): Promise<void> {
  const { adapter } = gpu;
  Object.assign(gpu, { adapter: { ...adapter, kind } });
  try {
    await body();
  } finally {
    Object.assign(gpu, { adapter });
  }
}
