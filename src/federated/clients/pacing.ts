// Keeps the GPU busy while never running far ahead of it.

import type { GpuRuntime } from "../../gpu/runtime.ts";

/** Work between two waits, in milliseconds: long against a wait (about 12 ms), short for a person. */
const targetInterval = 400;

/**
 * Issues work in portions of about `targetInterval`. While one portion runs the next is issued, so the
 * GPU does not wait for the host.
 */
export class Pacer {
  #portion = 1;
  #inPortion = 0;
  #running: Promise<void> | null = null;
  #since: number;

  /** @param gpu by whose clock the portions are measured */
  constructor(private readonly gpu: GpuRuntime) {
    this.#since = gpu.clock.now();
  }

  /** Call after each step issued. True if a portion ended, a good moment to report progress. */
  async stepIssued(): Promise<boolean> {
    if (++this.#inPortion < this.#portion) return false;
    this.#inPortion = 0;
    const issued = this.gpu.finish();
    issued.catch(() => {}); // whoever awaits it later sees the error; nobody may, if the run is left early
    await this.#running;
    this.#running = issued;
    const now = this.gpu.clock.now();
    const ratio = targetInterval / Math.max(now - this.#since, 1);
    this.#since = now;
    this.#portion = Math.max(1, Math.round(this.#portion * Math.min(2, Math.max(0.5, ratio))));
    return true;
  }

  /** Waits for what is still running; afterwards the GPU is idle. */
  async drain(): Promise<void> {
    await this.#running;
    this.#running = null;
  }
}
