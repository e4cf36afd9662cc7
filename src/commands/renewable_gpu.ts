// The GPU of a command, which can be opened anew where its device has failed.

import type { Gpu } from "../tensor/gpu.ts";
import { adapterText, versionsWith } from "./tuned_gpu.ts";

/** Whoever needs the GPU asks for the current one each time. */
export class RenewableGpu {
  #current: Gpu;

  private constructor(
    private readonly openGpu: () => Promise<Gpu>,
    current: Gpu,
    /** of the program, and of the table of kernels that it goes by */
    readonly versions: Readonly<Record<string, string>>,
  ) {
    this.#current = current;
  }

  /** @throws {GpuError} of kind "no-adapter" */
  static async open(openGpu: () => Promise<Gpu>): Promise<RenewableGpu> {
    const current = await openGpu();
    return new RenewableGpu(openGpu, current, versionsWith(current));
  }

  get current(): Gpu {
    return this.#current;
  }

  /** The adapter on one line. */
  get adapter(): string {
    return adapterText(this.#current);
  }

  /**
   * Gives up the device with all that is on it, and opens another.
   *
   * @throws {GpuError} of kind "no-adapter"
   */
  async renew(): Promise<void> {
    const { kernels } = this.#current;
    this.#current.dispose();
    this.#current = await this.openGpu();
    this.#current.kernels = kernels; // whatever is measured meanwhile: the run goes on as it began
  }
}
