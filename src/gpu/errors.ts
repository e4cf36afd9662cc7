// What can go wrong on the GPU's side, as one typed error.

/** Which promise of the GPU broke. */
export type GpuErrorKind =
  | "no-adapter"
  | "compile"
  | "validation"
  | "out-of-memory"
  | "limit"
  | "feature"
  | "device-lost";

/** An error of the adapter, the device or a kernel; `kind` tells which. */
export class GpuError extends Error {
  /** tells it from other errors, also where `instanceof` cannot */
  override readonly name = "GpuError";

  /**
   * An error with its message.
   *
   * @param kind which promise of the GPU broke
   */
  constructor(readonly kind: GpuErrorKind, message: string) {
    super(message);
  }
}
