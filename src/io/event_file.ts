// Records of TensorBoard's event files: scalars as protocol buffers, framed and checksummed as TFRecord.

import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import crc32c from "crc-32/crc32c";

/** Field numbers of tensorflow.Event, .Summary and .Summary.Value (event.proto, summary.proto). */
const eventField = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 };
const summaryField = { value: 1 };
const valueField = { tag: 1, simpleValue: 2 };

/** What a reader expects of the first record of every file. */
const fileVersion = "brain.Event:2";

/** Scalars of one step. */
export interface ScalarEvent {
  /** seconds since 1970 */
  readonly wallTime: number;
  readonly step: number;
  /** by tag; stored as f32 */
  readonly scalars: ReadonlyMap<string, number>;
}

/** The record that every event file begins with. */
export function versionRecord(wallTime: number): Uint8Array {
  const event = new BinaryWriter()
    .tag(eventField.wallTime, WireType.Bit64).double(wallTime)
    .tag(eventField.fileVersion, WireType.LengthDelimited).string(fileVersion);
  return framed(event.finish());
}

/** The record of some scalars. */
export function scalarsRecord({ wallTime, step, scalars }: ScalarEvent): Uint8Array {
  const event = new BinaryWriter()
    .tag(eventField.wallTime, WireType.Bit64).double(wallTime)
    .tag(eventField.step, WireType.Varint).int64(step)
    .tag(eventField.summary, WireType.LengthDelimited).fork();
  for (const [tag, value] of scalars) {
    event.tag(summaryField.value, WireType.LengthDelimited).fork()
      .tag(valueField.tag, WireType.LengthDelimited).string(tag)
      .tag(valueField.simpleValue, WireType.Bit32).float(value)
      .join();
  }
  return framed(event.join().finish());
}

/** A TFRecord: length in 64 bits, its checksum, the data, its checksum; all little-endian. */
function framed(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(12 + data.byteLength + 4);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.byteLength), true);
  view.setUint32(8, maskedChecksum(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.byteLength, maskedChecksum(data), true);
  return record;
}

/** CRC32C, rotated and shifted as the format wants it: data may hold checksums itself. */
function maskedChecksum(data: Uint8Array): number {
  const crc: number = crc32c.buf(data);
  return ((crc >>> 15 | crc << 17) + 0xa282ead8) >>> 0;
}
