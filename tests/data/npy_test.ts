// NumPy arrays: what is read, and every way that the bytes can be something else.

import { DataError } from "../../src/data/data_error.ts";
import { parseNpy } from "../../src/data/npy.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "../assert.ts";
import { npyBytes } from "./npy_bytes.ts";

function assertRejected(bytes: Uint8Array, message: string): void {
  assertStringIncludes(assertThrows(() => parseNpy(bytes, "x.npy"), DataError).message, message);
}

Deno.test("parseNpy() reads whole numbers of every supported type", () => {
  const cases = [
    ["|u1", new Uint8Array([0, 255])],
    ["|i1", new Int8Array([-128, 127])],
    ["<u2", new Uint16Array([0, 65535])],
    ["<i2", new Int16Array([-32768, 5])],
    ["<u4", new Uint32Array([0, 2 ** 32 - 1])],
    ["<i4", new Int32Array([-(2 ** 31), 7])],
    ["<i8", new BigInt64Array([-(2n ** 31n), 2n ** 31n - 1n])],
  ] as const;
  for (const [descr, values] of cases) {
    const expected = { shape: [2, 1], values: Array.from(values, Number) };
    for (const version of [1, 2, 3]) {
      const { shape, values: read } = parseNpy(
        npyBytes({ descr, shape: "2, 1", values, version }),
        "x.npy",
      );
      assertEquals({ shape: [...shape], values: [...read] }, expected, `${descr} ${version}`);
    }
  }
});

Deno.test("parseNpy() reads shapes of one, no and empty dimensions, at any address", () => {
  const read = (shape: string, count: number) => {
    const values = new Int32Array(count).fill(9);
    const bytes = npyBytes({ descr: "<i4", shape, values });
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    return [parseNpy(bytes, "x.npy"), parseNpy(shifted.subarray(1), "x.npy")]
      .map(({ shape, values }) => [[...shape], values.length]);
  };
  assertEquals(read("3,", 3), [[[3], 3], [[3], 3]]);
  assertEquals(read("", 1), [[[], 1], [[], 1]]);
  assertEquals(read("0, 4", 0), [[[0, 4], 0], [[0, 4], 0]]);
});

Deno.test("parseNpy() rejects what is no array of whole numbers in C order", () => {
  const values = new Uint8Array(2);
  const make = (changes: object) => npyBytes({ descr: "|u1", shape: "2,", values, ...changes });
  assertRejected(
    make({ order: "True" }),
    'Cannot use the array x.npy: it is in Fortran order; save it in order "C"',
  );
  assertRejected(make({ descr: "<f4" }), "its type is <f4; save it as one of |u1, |i1, <u2");
  assertRejected(make({ descr: ">i4" }), "its type is >i4");
  assertRejected(make({ descr: "|O" }), "its type is |O");
  assertRejected(make({ shape: "3," }), "its header promises 3 bytes but 2 follow");
  assertRejected(make({ version: 4 }), "its format version is 4; save it in version 1, 2 or 3");
  assertRejected(make({}).subarray(0, 20), "its header is cut off; get the file anew");
  assertRejected(new Uint8Array(30), "it is not a NumPy array; save it with numpy.savez");
  assertRejected(new Uint8Array(3), "it is not a NumPy array");
});

Deno.test("parseNpy() rejects headers that are not exactly the three entries", () => {
  const values = new Uint8Array(2);
  const good = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }";
  const parse = (header: string) =>
    parseNpy(npyBytes({ descr: "", shape: "", values, header }), "x.npy");
  assertEquals([...parse(good).shape], [2]);
  assertEquals([...parse("{'shape':(2,),'descr':'|u1','fortran_order':False}").shape], [2]);
  const wrong = [
    "{}",
    good.slice(1),
    good.replace("}", ""),
    good + "x",
    good.replace("'shape': (2,), ", ""),
    good.replace("(2,)", "(2.5,)"),
    good.replace("(2,)", "(-2,)"),
    good.replace("False", "0"),
    good.replace("}", "'more': True}"),
    good.replace("'shape'", "'descr': '|i1', 'shape'"),
    "{'descr': [('a', '|u1')], 'fortran_order': True, 'shape': '2'}",
  ];
  for (const header of wrong) {
    const error = assertThrows(() => parse(header), DataError);
    assertStringIncludes(error.message, `its header is ${header.trim()};`);
  }
  const structured = good.replace("'|u1'", "[('a', '|u1')]");
  assertRejected(
    npyBytes({ descr: "", shape: "", values, header: structured }),
    "its type is [('a', '|u1')]",
  );
});

Deno.test("parseNpy() rejects 64-bit numbers that need more than 32", () => {
  const values = new BigInt64Array([1n, 2n ** 31n]);
  assertRejected(npyBytes({ descr: "<i8", shape: "2,", values }), "it holds 2147483648");
});
