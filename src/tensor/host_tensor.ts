// A tensor outside the GPU: what checkpoints are read from and written to.

/** Element types that checkpoints hold; `I64` is used for PyTorch's `num_batches_tracked` alone. */
export type HostTensorData =
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>;

/** Shape and row-major values. */
export interface HostTensor {
  /** lengths of the axes, outermost first */
  readonly shape: readonly number[];
  /** one element after the other, the last axis fastest */
  readonly data: HostTensorData;
}
