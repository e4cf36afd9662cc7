// What the runtime reads from a kernel's source.

import { kernelFile, packParams } from "../../src/gpu/kernel.ts";
import { assertEquals, assertThrows } from "../assert.ts";

const file = kernelFile(
  "example.wgsl",
  `// struct Params { in_a_comment: u32 }
struct Params {
  rows: u32,  // not another: u32
  offset: i32, scale: f32,
  classes: u32,
  stride: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> x: array<f32>;
@group(0) @binding(12)
var<storage, read_write> output: array<vec4f>;
`,
);

Deno.test("kernelFile() reads parameters and bindings, and ignores comments", () => {
  assertEquals(file.params, [
    { name: "rows", type: "u32" },
    { name: "offset", type: "i32" },
    { name: "scale", type: "f32" },
    { name: "classes", type: "u32" },
    { name: "stride", type: "u32" },
  ]);
  assertEquals([...file.bindings], [["x", 3], ["output", 12]]);
});

Deno.test("kernelFile() finds nothing where nothing is declared", () => {
  const { params, bindings, optional } = kernelFile("empty.wgsl", "fn nothing() {}");
  assertEquals(params, []);
  assertEquals([bindings.size, optional.size], [0, 0]);
});

Deno.test("packParams() writes each member by its type, in whole rows of 16 bytes", () => {
  const values = { stride: 2, classes: 3, scale: 0.5, offset: -1, rows: 4e9 };
  const view = new DataView(packParams(file, values).buffer);
  assertEquals(view.byteLength, 32);
  assertEquals(view.getUint32(0, true), 4e9);
  assertEquals(view.getInt32(4, true), -1);
  assertEquals(view.getFloat32(8, true), 0.5);
  assertEquals(view.getUint32(12, true), 3);
  assertEquals(view.getUint32(16, true), 2);
});

Deno.test("packParams() rejects missing and superfluous members", () => {
  const values = { rows: 1, offset: 1, scale: 1, classes: 1 };
  const declared = "it declares [rows,offset,scale,classes,stride] but was given";
  assertThrows(
    () => packParams(file, values),
    TypeError,
    `Cannot pack the parameters of example.wgsl: ${declared} [rows,offset,scale,classes]`,
  );
  assertThrows(
    () => packParams(file, { ...values, stride: 1, padding: 1 }),
    TypeError,
    `${declared} [rows,offset,scale,classes,stride,padding]`,
  );
  assertThrows(() => packParams(file, { ...values, strides: 1 }), TypeError, declared);
});
