// A reader of TensorBoard's event files that shares nothing with the writer: formats read by hand.

/** One scalar as it lies in a file. */
export interface ReadScalar {
  readonly tag: string;
  readonly step: number;
  readonly value: number;
  /** seconds since 1970 */
  readonly wallTime: number;
}

/** What a file holds. */
export interface ReadEventFile {
  readonly version: string;
  readonly scalars: readonly ReadScalar[];
}

/** A field of a protocol buffer: its number, and its bytes (varints as a number). */
type Field = readonly [number: number, value: number | Uint8Array];

/** @throws {SyntaxError} for a checksum that is wrong, something cut off or missing, or an unknown wire type */
export function readEventFile(bytes: Uint8Array): ReadEventFile {
  let version = "";
  const scalars: ReadScalar[] = [];
  for (const record of records(bytes)) {
    const fields = [...fieldsOf(record)];
    const wallTime = viewOf(bytesOf(fields, 1)).getFloat64(0, true);
    const step = (fields.find(([number]) => number === 2)?.[1] ?? 0) as number;
    if (fields.some(([number]) => number === 3)) version = textOf(bytesOf(fields, 3));
    for (const [number, summary] of fields) {
      if (number !== 5) continue;
      for (const [, value] of fieldsOf(summary as Uint8Array)) {
        const parts = [...fieldsOf(value as Uint8Array)];
        scalars.push({
          tag: textOf(bytesOf(parts, 1)),
          step,
          value: viewOf(bytesOf(parts, 2)).getFloat32(0, true),
          wallTime,
        });
      }
    }
  }
  return { version, scalars };
}

/** The data of the records, both checksums of each checked. */
function* records(bytes: Uint8Array): Generator<Uint8Array> {
  const view = viewOf(bytes);
  for (let at = 0; at < bytes.byteLength;) {
    if (bytes.byteLength - at < 16) throw new SyntaxError(`Record at ${at} is cut off`);
    const length = Number(view.getBigUint64(at, true));
    const data = bytes.subarray(at + 12, at + 12 + length);
    if (bytes.byteLength - at - 16 < length) throw new SyntaxError(`Record at ${at} is cut off`);
    expectChecksum(bytes.subarray(at, at + 8), view.getUint32(at + 8, true));
    expectChecksum(data, view.getUint32(at + 12 + length, true));
    yield data;
    at += 12 + length + 4;
  }
}

function expectChecksum(data: Uint8Array, masked: number): void {
  const unshifted = (masked - 0xa282ead8) >>> 0;
  const stored = (unshifted << 15 | unshifted >>> 17) >>> 0;
  const computed = crc32c(data);
  if (stored !== computed) throw new SyntaxError(`Checksum ${stored} is not ${computed}`);
}

/** Bit by bit, from the polynomial of RFC 3720, reversed. */
function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1;; factor *= 128) {
      const byte = message[at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.byteLength) {
    const key = varint();
    const [number, type] = [Math.floor(key / 8), key % 8];
    if (type === 0) yield [number, varint()];
    else {
      const length = type === 1 ? 8 : type === 5 ? 4 : type === 2 ? varint() : -1;
      if (length < 0) throw new SyntaxError(`Wire type ${type} is unknown`);
      yield [number, message.subarray(at, at += length)];
    }
  }
}

function bytesOf(fields: readonly Field[], number: number): Uint8Array {
  return fields.find(([other]) => other === number)![1] as Uint8Array;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
