// Round trips, the reference files, and every way in which a file can be wrong.

import { join } from "@std/path";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { goldenFolder } from "../golden.ts";

const everyDtype = new Map<string, HostTensor>([
  ["bytes", { shape: [3], data: new Uint8Array([1, 2, 255]) }],
  ["fc1.linear.weight", { shape: [2, 2], data: new Float32Array([1.5, -2, 3, NaN]) }],
  ["fc1.bn.num_batches_tracked", { shape: [], data: new BigInt64Array([-7n]) }],
  ["2", { shape: [1, 2], data: new Int32Array([-1, 2]) }],
  ["empty", { shape: [0, 5], data: new Float64Array(0) }],
  ["double", { shape: [1], data: new Float64Array([Math.PI]) }],
]);

/** A file of this header (text, or an object) and this many bytes of data. */
function fileOf(header: unknown, dataBytes: number): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
  dtype: "F32",
  shape,
  data_offsets: [begin, end],
});

Deno.test("writeSafetensors() then readSafetensors() gives every dtype back", () => {
  const metadata = { format: "pt", round: "3" };
  const file = readSafetensors(writeSafetensors(everyDtype, metadata));
  assertEquals(file.metadata, metadata);
  assertEquals(new Map(file.tensors), new Map(everyDtype));
});

Deno.test("writeSafetensors() keeps the order of keys in the header", () => {
  const bytes = writeSafetensors(everyDtype);
  const text = new TextDecoder().decode(bytes);
  const positions = [...everyDtype.keys()].map((name) => text.indexOf(`"${name}":`));
  assertEquals(positions, positions.toSorted((a, b) => a - b));
});

Deno.test("writeSafetensors() aligns the data to 8 and each tensor to its width", () => {
  const bytes = writeSafetensors(everyDtype, { format: "pt" });
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  assertEquals(length % 8, 0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  for (const [name, { data }] of everyDtype) {
    assertEquals(header[name].data_offsets[0] % data.BYTES_PER_ELEMENT, 0, name);
  }
});

Deno.test("writeSafetensors() writes the window of an array's buffer", () => {
  const data = new Float32Array([1, 2, 3, 4]).subarray(1, 3);
  const { tensors } = readSafetensors(writeSafetensors(new Map([["x", { shape: [2], data }]])));
  assertEquals(tensors.get("x"), { shape: [2], data: new Float32Array([2, 3]) });
});

Deno.test("readSafetensors() copies, also out of an unaligned view", () => {
  const bytes = writeSafetensors(everyDtype);
  const shifted = new Uint8Array(bytes.length + 3).subarray(3);
  shifted.set(bytes);
  const { tensors } = readSafetensors(shifted);
  shifted.fill(0);
  assertEquals(tensors.get("double")!.data, new Float64Array([Math.PI]));
});

Deno.test("readSafetensors() accepts a file without tensors", () => {
  assertEquals(readSafetensors(fileOf({}, 0)), { tensors: new Map(), metadata: {} });
});

Deno.test("writeSafetensors() rejects what cannot be written", () => {
  const data = new Float32Array(3);
  assertThrows(
    () => writeSafetensors(new Map([["x", { shape: [2, 2], data }]])),
    TypeError,
    'tensor "x" has shape [2,2] but 3 values',
  );
  assertThrows(
    () => writeSafetensors(new Map([["__metadata__", { shape: [3], data }]])),
    RangeError,
  );
});

const broken: [name: string, bytes: Uint8Array, message: string][] = [
  ["too short", new Uint8Array(7), "expected at least 8 bytes, got 7"],
  ["a truncated header", fileOf({ x: f32(0, 4) }, 4).subarray(0, 20), "but only 12 follow"],
  ["an absurd header length", new Uint8Array(16).fill(255), "but only 8 follow"],
  ["a header that is not JSON", fileOf("{x", 0), "is not JSON"],
  ["a header that is not UTF-8", fileOf("{}", 0).with(8, 0xff), "is not JSON in UTF-8"],
  ["a header that is a list", fileOf([], 0), "not a JSON object"],
  ["metadata that is not text", fileOf({ __metadata__: { round: 3 } }, 0), "object of strings"],
  ["an entry that is no object", fileOf({ x: 3 }, 0), 'tensor "x" is not an object'],
  ["an unknown dtype", fileOf({ x: { ...f32(0, 4), dtype: "BOOL" } }, 4), 'has dtype "BOOL"'],
  ["a dtype from Object", fileOf({ x: { ...f32(0, 4), dtype: "toString" } }, 4), "has dtype"],
  ["a negative size", fileOf({ x: f32(0, 4, [-1]) }, 4), "has shape [-1]"],
  ["a fractional offset", fileOf({ x: f32(0, 0.5, []) }, 4), "data_offsets [0,0.5]"],
  ["offsets the wrong way round", fileOf({ x: f32(4, 0, [1]) }, 4), "data_offsets [4,0]"],
  ["a size mismatch", fileOf({ x: f32(0, 8, [3]) }, 8), "has 8 bytes but F32 [3] needs 12"],
  ["truncated data", fileOf({ x: f32(0, 8) }, 7), "ends at 8 but the data has 7 bytes"],
  ["an offset out of range", fileOf({ x: f32(0, 4), y: f32(4, 12) }, 8), "ends at 12"],
  ["an overlap", fileOf({ x: f32(0, 8), y: f32(4, 8) }, 8), "overlaps"],
  ["a gap", fileOf({ x: f32(0, 4), y: f32(8, 12) }, 12), "leaves a gap"],
  ["data that is no tensor's", fileOf({ x: f32(0, 4) }, 8), "end at 4 but the data has 8"],
  [
    "a misaligned tensor",
    fileOf({ x: { dtype: "U8", shape: [1], data_offsets: [0, 1] }, y: f32(1, 5) }, 5),
    "begins at 1, not a multiple",
  ],
];

for (const [name, bytes, message] of broken) {
  Deno.test(`readSafetensors() rejects ${name}`, () => {
    assertThrows(() => readSafetensors(bytes), SyntaxError, message);
  });
}

Deno.test({
  name: "readSafetensors() reads every reference file, and writing gives it back",
  ignore: goldenFolder === null,
  fn: () => {
    let files = 0;
    for (const path of safetensorsBelow(goldenFolder!)) {
      const { tensors, metadata } = readSafetensors(Deno.readFileSync(path));
      assert(tensors.size > 0, path);
      const again = readSafetensors(writeSafetensors(tensors, metadata));
      assertEquals([...again.tensors.keys()], [...tensors.keys()], path);
      for (const [name, { shape, data }] of tensors) {
        const copy = again.tensors.get(name)!;
        assertEquals(copy.shape, shape, `${path} ${name}`);
        assert(sameBytes(copy.data, data), `${path} ${name}`);
      }
      files++;
    }
    assert(files > 0, `no safetensors below ${goldenFolder}`);
  },
});

function* safetensorsBelow(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* safetensorsBelow(path);
    else if (entry.name.endsWith(".safetensors")) yield path;
  }
}

function sameBytes(a: HostTensor["data"], b: HostTensor["data"]): boolean {
  const [left, right] = [a, b].map((x) => new Uint8Array(x.buffer, x.byteOffset, x.byteLength));
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}

Deno.test("readSafetensors() reads F16 and BF16 as f32, exactly", () => {
  const halves = (dtype: string, ...bits: number[]) => {
    const entry = { dtype, shape: [bits.length], data_offsets: [0, 2 * bits.length] };
    const bytes = fileOf({ x: entry }, 2 * bits.length);
    bits.forEach((value, index) =>
      new DataView(bytes.buffer).setUint16(bytes.length - 2 * (bits.length - index), value, true)
    );
    return [...readSafetensors(bytes).tensors.get("x")!.data as Float32Array];
  };
  // One, the largest, the smallest normal and subnormal, minus zero, infinity, NaN (IEEE 754-2019, binary16)
  assertEquals(
    halves("F16", 0x3c00, 0x7bff, 0x0400, 0x0001, 0x8000, 0xfc00, 0x7e00),
    [1, 65504, 2 ** -14, 2 ** -24, -0, -Infinity, NaN],
  );
  assertEquals(
    halves("BF16", 0x3f80, 0x4049, 0x0080, 0x0001, 0x8000, 0xff80, 0x7fc0),
    [1, 3.140625, 2 ** -126, 2 ** -133, -0, -Infinity, NaN],
  );
  const odd = fileOf({ x: { dtype: "BF16", shape: [3], data_offsets: [0, 4] } }, 4);
  assertThrows(() => readSafetensors(odd), SyntaxError, "has 4 bytes but BF16 [3] needs 6");
});
