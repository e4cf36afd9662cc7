// What is read from WGSL about how kernels use their memory.

import { kernelFile } from "../../src/gpu/kernel.ts";
import { passesOver } from "../../src/gpu/kernel_traffic.ts";
import { assertEquals } from "../assert.ts";

const declarations = `
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<storage, read_write> pairs: array<Pair>;
@group(0) @binding(4) var<storage, read_write> other: array<f32>;
struct Pair { first: f32, second: f32 }
`;

/** Passes over input, output, pairs and other of the entry point `run`. */
function passes(code: string): number[] {
  const all = passesOver(kernelFile("example.wgsl", declarations + code), "run");
  return [1, 2, 3, 4].map((binding) => all.get(binding)!);
}

Deno.test("what is only read or only written is passed over once", () => {
  assertEquals(passes("fn run() { output[input_of(2u)] = input[0] * input[1]; }"), [1, 1, 1, 1]);
  assertEquals(passes("fn run() { if (output[0] == 1.0) { other[0] = output[1]; } }"), [
    1,
    1,
    1,
    1,
  ]);
});

Deno.test("what is read and written is passed over twice", () => {
  for (
    const statement of [
      "output[i] += input[i];",
      "output[i]++;",
      "output[i] = 2.0 * output[i];",
      "if (output[i] <= 0.0) { output[i] = 1.0; }",
      "output[u32(other[i])] = 1.0; let y = output[lanes[0]];",
    ]
  ) assertEquals(passes(`fn run() { ${statement} }`), [1, 2, 1, 1], statement);
});

Deno.test("indices, members and comments are told from what is assigned", () => {
  assertEquals(passes("fn run() { pairs[i + ends[2]].second = 1.0; }"), [1, 1, 1, 1]);
  assertEquals(passes("fn run() { pairs[i] .second -= 1.0; }"), [1, 1, 2, 1]);
  assertEquals(passes("fn run() { output[i] = 1.0; // output[i] + 1\n }"), [1, 1, 1, 1]);
  assertEquals(passes("fn run() { output[i] = draw.output + my_output; }"), [1, 1, 1, 1]);
});

Deno.test("functions that are called count, and others do not", () => {
  const code = `
fn load(i: u32) -> f32 { return deeper(i); }
fn deeper(i: u32) -> f32 { if (i > 1u) { return output[i]; } return 0.0; }
fn elsewhere() { other[0] += 1.0; }
fn run() { for (var i = 0u; i < 4u; i++) { output[i] = load(i); } other[1] = 0.0; }`;
  assertEquals(passes(code), [1, 2, 1, 1]);
});

Deno.test("passes of a real kernel: running statistics are read and written, gradients written", async () => {
  const [source, planes] = await Promise.all(
    ["batch_norm.wgsl", "shared/batch_norm_planes.wgsl"].map((name) =>
      Deno.readTextFile(new URL(`../../kernels/${name}`, import.meta.url))
    ),
  );
  const file = kernelFile("batch_norm.wgsl", source, planes);
  const twice = (entryPoint: string) =>
    [...file.bindings].filter(([, binding]) => passesOver(file, entryPoint).get(binding) === 2)
      .map(([name]) => name);
  assertEquals(twice("batch_statistics"), ["running_mean", "running_var", "batches_tracked"]);
  for (const entryPoint of ["normalize", "parameter_gradients", "running_statistics"]) {
    assertEquals(twice(entryPoint), []);
  }
});
