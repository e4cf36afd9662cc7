// The safetensors file format: named tensors, a JSON header in front, nothing executable.
//
//   8 bytes   length of the header, little-endian
//   header    JSON: { "name": { "dtype", "shape", "data_offsets": [begin, end] }, "__metadata__": {…} }
//   data      row-major, little-endian; offsets count from here
//
// Format: https://github.com/huggingface/safetensors. Typed arrays have the machine's byte order,
// which is little-endian wherever Deno and WebGPU run.

import type { HostTensor, HostTensorData } from "../tensor/host_tensor.ts";
import { isCount, isRecord, shown } from "./json.ts";

/** What a safetensors file holds; tensors in the order of the header. */
export interface SafetensorsFile {
  /** shape and values, by name */
  readonly tensors: Map<string, HostTensor>;
  /** texts of the header's `__metadata__`; empty without it */
  readonly metadata: Record<string, string>;
}

/** The dtypes that are read and written. */
const arrayTypes = {
  F64: Float64Array,
  I64: BigInt64Array,
  F32: Float32Array,
  I32: Int32Array,
  U8: Uint8Array,
} as const;
type Dtype = keyof typeof arrayTypes;

/** The dtypes of half the width, which are read as f32: every value of theirs is one of f32. */
const halfReaders = {
  F16: (bytes: ArrayBuffer) => Float32Array.from(new Float16Array(bytes)),
  // The upper half of an f32.
  BF16: (bytes: ArrayBuffer) =>
    new Float32Array(Uint32Array.from(new Uint16Array(bytes), (half) => half << 16).buffer),
} as const;
type HalfDtype = keyof typeof halfReaders;

const lengthBytes = 8;
/** As in the reference implementation: parsing takes many times the memory of the text. */
const longestHeader = 100_000_000;
/** Data begins at a multiple of this, the width of the widest dtype. */
const dataAlignment = 8;
const metadataKey = "__metadata__";

/** One tensor's entry in the header, checked. */
interface Entry {
  readonly name: string;
  readonly dtype: Dtype | HalfDtype;
  readonly shape: readonly number[];
  /** bytes from the start of the data */
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads a safetensors file. The tensors are copies: `bytes` may be reused. F16 and BF16 become f32.
 *
 * @throws {SyntaxError} if the file is truncated, its header is not as the format says or over 100 MB, a dtype is
 * not one of F16, BF16, F32, F64, I32, I64 and U8, or the tensors do not fill the data without gap or overlap
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  if (!(bytes instanceof Uint8Array)) throw unreadable(`${bytes} is no Uint8Array`);
  const dataStart = lengthBytes + headerLength(bytes);
  const header = parseHeader(bytes.subarray(lengthBytes, dataStart));
  const data = bytes.subarray(dataStart);

  const metadata = readMetadata(header[metadataKey]);
  const entries = Object.entries(header)
    .filter(([name]) => name !== metadataKey)
    .map(([name, entry]) => readEntry(name, entry));
  expectContiguous(entries, data.byteLength);
  return {
    tensors: new Map(entries.map((entry) => [entry.name, copyTensor(entry, data)])),
    metadata,
  };
}

/**
 * Writes a safetensors file. The header lists the tensors in the order given; their data lies
 * widest dtype first, so that each is aligned to its own width without gaps.
 *
 * @param tensors F32, F64, I32, I64 or U8 by the class of their array
 * @throws {TypeError} if a tensor's shape and number of values disagree
 * @throws {RangeError} if a tensor is called `__metadata__`
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  if (!(tensors instanceof Map)) {
    throw new TypeError("Cannot write safetensors: a Map of tensors by their names is expected");
  }
  const wrong = Object.entries(metadata).find(([, value]) => typeof value !== "string");
  if (wrong) {
    throw new TypeError(
      `Cannot write safetensors: the metadata's ${wrong[0]} is ${
        wrong[1]
      } but a string is expected`,
    );
  }
  const { entries, byteLength } = layOut(tensors);
  const header = encodeHeader(entries, metadata);
  const dataStart = lengthBytes + header.byteLength;

  const bytes = new Uint8Array(dataStart + byteLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.byteLength), true);
  bytes.set(header, lengthBytes);
  for (const { name, begin } of entries) {
    const { buffer, byteOffset, byteLength } = tensors.get(name)!.data;
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), dataStart + begin);
  }
  return bytes;
}

function headerLength(bytes: Uint8Array): number {
  if (bytes.byteLength < lengthBytes) {
    throw unreadable(`expected at least ${lengthBytes} bytes, got ${bytes.byteLength}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  const available = bytes.byteLength - lengthBytes;
  if (length > BigInt(available)) {
    throw unreadable(`its header should have ${length} bytes but only ${available} follow`);
  }
  if (length > BigInt(longestHeader)) {
    throw unreadable(`its header has ${length} bytes but may have ${longestHeader} at most`);
  }
  return Number(length);
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw unreadable(`its header is not JSON in UTF-8 (${(error as Error).message})`);
  }
  if (!isRecord(header)) throw unreadable("its header is not a JSON object");
  return header;
}

function readMetadata(value: unknown = {}): Record<string, string> {
  if (!isRecord(value) || !Object.values(value).every((item) => typeof item === "string")) {
    throw unreadable(`${metadataKey} is not an object of strings`);
  }
  return value as Record<string, string>;
}

function readEntry(name: string, value: unknown): Entry {
  if (!isRecord(value)) throw unreadable(`the entry of tensor "${name}" is not an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isKnown(dtype)) {
    const known = [...Object.keys(arrayTypes), ...Object.keys(halfReaders)].join(", ");
    throw unreadable(
      `tensor "${name}" has dtype ${shown(dtype)}, expected one of ${known}`,
    );
  }
  if (!isSizes(shape)) {
    throw unreadable(`tensor "${name}" has shape ${shown(shape)}, expected sizes`);
  }
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    const found = shown(offsets);
    throw unreadable(`tensor "${name}" has data_offsets ${found}, expected [begin, end]`);
  }
  const entry: Entry = { name, dtype, shape, begin: offsets[0], end: offsets[1] };
  expectSizeAndAlignment(entry);
  return entry;
}

function expectSizeAndAlignment({ name, dtype, shape, begin, end }: Entry): void {
  const width = isHalf(dtype) ? 2 : arrayTypes[dtype].BYTES_PER_ELEMENT;
  const expected = elementCount(shape) * width;
  if (end - begin !== expected) {
    throw unreadable(
      `tensor "${name}" has ${end - begin} bytes but ${dtype} [${shape}] needs ${expected}`,
    );
  }
  if (begin % width !== 0) {
    throw unreadable(`tensor "${name}" begins at ${begin}, not a multiple of ${dtype}'s ${width}`);
  }
}

/** The format allows neither gaps nor overlaps: nothing can hide in a file. */
function expectContiguous(entries: readonly Entry[], byteLength: number): void {
  let covered = 0;
  for (
    const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)
  ) {
    if (end > byteLength) {
      throw unreadable(`tensor "${name}" ends at ${end} but the data has ${byteLength} bytes`);
    }
    if (begin !== covered) {
      const relation = begin < covered ? "overlaps the tensor before it" : "leaves a gap before it";
      throw unreadable(
        `tensor "${name}" begins at ${begin} and ${relation}, which ends at ${covered}`,
      );
    }
    covered = end;
  }
  if (covered !== byteLength) {
    throw unreadable(`its tensors end at ${covered} but the data has ${byteLength} bytes`);
  }
}

/** Copying also aligns: a typed array cannot begin anywhere in the file's bytes. */
function copyTensor({ dtype, shape, begin, end }: Entry, data: Uint8Array): HostTensor {
  const { buffer } = new Uint8Array(data.subarray(begin, end));
  return {
    shape,
    data: isHalf(dtype) ? halfReaders[dtype](buffer) : new arrayTypes[dtype](buffer),
  };
}

function isKnown(dtype: unknown): dtype is Entry["dtype"] {
  return typeof dtype === "string" &&
    (Object.hasOwn(arrayTypes, dtype) || Object.hasOwn(halfReaders, dtype));
}

function isHalf(dtype: Entry["dtype"]): dtype is HalfDtype {
  return Object.hasOwn(halfReaders, dtype);
}

function layOut(
  tensors: ReadonlyMap<string, HostTensor>,
): { entries: readonly Entry[]; byteLength: number } {
  const widestFirst = [...tensors].toSorted(([, a], [, b]) =>
    b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT
  );
  const begins = new Map<string, number>();
  let byteLength = 0;
  for (const [name, { data }] of widestFirst) {
    begins.set(name, byteLength);
    byteLength += data.byteLength;
  }
  const entries = [...tensors].map(([name, tensor]) => toEntry(name, tensor, begins.get(name)!));
  return { entries, byteLength };
}

function toEntry(name: string, { shape, data }: HostTensor, begin: number): Entry {
  if (name === metadataKey) {
    throw new RangeError(`Cannot write safetensors: a tensor cannot be called ${metadataKey}`);
  }
  if (!isSizes(shape) || elementCount(shape) !== data.length) {
    throw new TypeError(
      `Cannot write safetensors: tensor "${name}" has shape [${shape}] but ${data.length} values`,
    );
  }
  return { name, dtype: dtypeOf(data), shape, begin, end: begin + data.byteLength };
}

/** JSON padded with spaces. Written entry by entry: an object would move number-like names first. */
function encodeHeader(
  entries: readonly Entry[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const members = entries.map(({ name, dtype, shape, begin, end }) =>
    `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`
  );
  if (Object.keys(metadata).length > 0) {
    members.unshift(`"${metadataKey}":${JSON.stringify(metadata)}`);
  }
  const json = new TextEncoder().encode(`{${members.join(",")}}`);
  const padded = Math.ceil(json.byteLength / dataAlignment) * dataAlignment; // the 8 before it keep it
  const header = new Uint8Array(padded).fill(" ".charCodeAt(0));
  header.set(json);
  return header;
}

function dtypeOf(data: HostTensorData): Dtype {
  const dtypes = Object.keys(arrayTypes) as Dtype[];
  const found = dtypes.find((dtype) => data instanceof arrayTypes[dtype]);
  if (found !== undefined) return found;
  const kind = (data as object | undefined)?.constructor.name ?? data;
  throw new TypeError(`Cannot write safetensors: data of ${kind} has no type there`);
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(isCount);
}

function unreadable(reason: string): SyntaxError {
  return new SyntaxError(`Cannot read safetensors: ${reason}`);
}
