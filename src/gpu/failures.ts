// What goes wrong on a device while nobody waits: kept until somebody does.

import { GpuError } from "./errors.ts";

/** The failure of a device, which stays failed. */
export class Failures {
  readonly #checks = new Set<Promise<unknown>>();
  #first: GpuError | null = null;

  constructor(device: GPUDevice) {
    device.addEventListener(
      "uncapturederror",
      (event) => this.#fail(asGpuError((event as GPUUncapturedErrorEvent).error)),
    );
    device.lost.then(({ reason, message }) =>
      this.#fail(new GpuError("device-lost", `Device lost (${reason}): ${message}`))
    );
  }

  /** Keeps the error that a check may end with. */
  expect(pending: Promise<GpuError | null>): void {
    const check = pending.then((error) => {
      this.#checks.delete(check);
      if (error) this.#fail(error);
    });
    this.#checks.add(check);
  }

  /** Waits for all checks under way. @throws {GpuError} if anything went wrong */
  async settled(): Promise<void> {
    await Promise.all(this.#checks);
    this.throwIfAny();
  }

  /** @throws {GpuError} if anything is known to have gone wrong */
  throwIfAny(): void {
    if (this.#first) throw this.#first;
  }

  /** From now on there is only this failure. */
  end(error: GpuError): void {
    this.#first = error;
  }

  /** The first failure is the cause and later ones follow from it; but compilers may report after what follows. */
  #fail(error: GpuError): void {
    const isCause = error.kind === "compile" && this.#first?.kind === "validation";
    if (this.#first === null || isCause) this.#first = error;
  }
}

function asGpuError(error: GPUError): GpuError {
  const kind = error instanceof GPUOutOfMemoryError ? "out-of-memory" : "validation";
  const remedy = kind === "out-of-memory" ? "; use a smaller batch, image size or width" : "";
  return new GpuError(kind, `${error.message.trim()}${remedy}`);
}
