// Makes `.npy` files for the tests.

/** An array as NumPy would describe it. */
export interface NpyDescription {
  readonly descr: string;
  /** what stands in the brackets: "2, 1" */
  readonly shape: string;
  readonly values: ArrayBufferView;
  readonly version?: number;
  /** Python's True or False */
  readonly order?: string;
  /** instead of descr, shape and order */
  readonly header?: string;
}

/** The file's bytes, padded as NumPy pads them. */
export function npyBytes(
  { descr, shape, values, version = 1, order = "False", header }: NpyDescription,
): Uint8Array {
  const text = header ?? `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape}), }`;
  const start = version === 1 ? 10 : 12;
  const length = Math.ceil((start + text.length + 1) / 64) * 64 - start;
  const bytes = new Uint8Array(start + length + values.byteLength);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), version, 0]);
  const view = new DataView(bytes.buffer);
  if (version === 1) view.setUint16(8, length, true);
  else view.setUint32(8, length, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), start);
  bytes.set(
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    start + length,
  );
  return bytes;
}
