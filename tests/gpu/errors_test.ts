// What goes wrong on the GPU's side surfaces as a GpuError that says what and where.

import { type AdapterChoice, openDevice } from "../../src/gpu/adapter.ts";
import { GpuError, type GpuErrorKind } from "../../src/gpu/errors.ts";
import { kernelFile } from "../../src/gpu/kernel.ts";
import { relu } from "../../src/ops/relu.ts";
import { Gpu, openGpu } from "../../src/tensor/gpu.ts";
import { emptyTensor } from "../../src/tensor/tensor.ts";
import { assertEquals, assertMatch, assertRejects, assertThrows } from "../assert.ts";

/** Each test has a device of its own: the first failure of one stays with it. */
async function withGpu(body: (gpu: Gpu) => Promise<void> | void): Promise<void> {
  const gpu = await openGpu();
  try {
    await body(gpu);
  } finally {
    gpu.dispose();
  }
}

async function assertFails(
  body: () => Promise<unknown>,
  kind: GpuErrorKind,
  message: RegExp,
): Promise<void> {
  const error = await assertRejects(body, GpuError);
  assertEquals(error.kind, kind, error.message);
  assertMatch(error.message, message);
}

Deno.test("a kernel that does not compile names file, line, entry point and adapter at the next wait", () =>
  withGpu(async (gpu) => {
    const file = kernelFile(
      "broken.wgsl",
      `@group(0) @binding(1) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(1) fn run() { output[0] = unknown_name; }`,
    );
    const output = emptyTensor(gpu, [1]);
    gpu.dispatch({ file, entryPoint: "run", buffers: { output }, workgroups: [1] });
    const message =
      /^Cannot compile broken\.wgsl:3:\d+, entry point "run", on adapter ".+": .*unknown_name/s;
    await assertFails(() => gpu.finish(), "compile", message);
    await assertFails(() => output.read(), "compile", message); // the cause stays
  }));

Deno.test("an error in what is appended to a kernel names that file and its own line", () =>
  withGpu(async (gpu) => {
    const file = kernelFile(
      "whole.wgsl",
      `@group(0) @binding(1) var<storage, read_write> output: array<f32>;
@compute @workgroup_size(1) fn run() { output[0] = twice(1.0); }`,
      "// lib/half.wgsl: halves.\nfn half(x: f32) -> f32 { return x / 2.0; }",
      "// lib/twice.wgsl: doubles.\n\nfn twice(x: f32) -> f32 { return x * unknown_name; }",
    );
    const output = emptyTensor(gpu, [1]);
    gpu.dispatch({ file, entryPoint: "run", buffers: { output }, workgroups: [1] });
    await assertFails(
      () => gpu.finish(),
      "compile",
      /^Cannot compile lib\/twice\.wgsl:3:\d+, entry point "run", on adapter ".+": .*unknown_name/s,
    );
  }));

Deno.test("a binding that is too small is a validation error at the next wait", () =>
  withGpu(async (gpu) => {
    const file = kernelFile(
      "fixed.wgsl",
      `@group(0) @binding(1) var<storage, read_write> output: array<f32, 64>;
@compute @workgroup_size(1) fn run() { output[0] = 1.0; }`,
    );
    const output = emptyTensor(gpu, [63]);
    gpu.dispatch({ file, entryPoint: "run", buffers: { output }, workgroups: [1] });
    await assertFails(() => gpu.finish(), "validation", /size 252 .* minimum 256/);
  }));

Deno.test("a tensor larger than a binding may be is refused, saying how large that is", () =>
  withGpu((gpu) => {
    const limit = gpu.adapter.limits.maxStorageBufferBindingSize;
    const elements = Math.floor(limit / 4) + 1;
    const error = assertThrows(() => gpu.zeros([elements]), GpuError);
    assertEquals(error.kind, "limit");
    const subject = `a tensor \\[${elements}\\] of f32 of ${elements * 4} bytes`;
    assertMatch(error.message, new RegExp(`^Cannot allocate ${subject}: adapter ".+" `));
    assertMatch(error.message, new RegExp(`binds at most ${limit}; use a smaller batch`));
    assertEquals(gpu.live, 0);
  }));

Deno.test("more workgroups than the adapter allows are refused, naming the kernel", () =>
  withGpu((gpu) => {
    const limit = gpu.adapter.limits.maxComputeWorkgroupsPerDimension;
    const file = kernelFile("wide.wgsl", "@compute @workgroup_size(1) fn run() {}");
    const error = assertThrows(
      () => gpu.dispatch({ file, entryPoint: "run", buffers: {}, workgroups: [1, limit + 1] }),
      GpuError,
    );
    assertEquals(error.kind, "limit");
    assertMatch(error.message, /^Cannot run wide\.wgsl run with \[1, \d+, 1\] workgroups: adapter/);
    assertMatch(error.message, new RegExp(`allows ${limit} in each dimension$`));
  }));

Deno.test("a lost device is an error at the next use of it", () =>
  withGpu(async (gpu) => {
    const x = gpu.tensor(Float32Array.of(1));
    await gpu.finish();
    gpu.device.destroy();
    const use = async () => await relu(x).read();
    await assertFails(use, "device-lost", /^Device lost \(destroyed\)/);
    assertThrows(() => gpu.zeros([1]), GpuError, "Device lost");
  }));

Deno.test("openGpu() takes an adapter of the wanted kind or says which there is", async () => {
  const { device, description } = await openDevice("auto");
  device.destroy();
  for (const adapter of ["gpu", "cpu"] satisfies AdapterChoice[]) {
    try {
      const gpu = await openGpu({ adapter });
      assertEquals(gpu.adapter.kind, adapter);
      gpu.dispose();
    } catch (error) {
      if (!(error instanceof GpuError)) throw error;
      assertEquals(error.kind, "no-adapter");
      const wish = new RegExp(`^Cannot find .*; choose "auto" or "${description.kind}"$`);
      assertMatch(error.message, adapter === description.kind ? /^$/ : wish);
    }
  }
});

Deno.test("openGpu() says what to install where there is no adapter at all", async () => {
  const { gpu } = navigator;
  const { requestAdapter } = gpu;
  gpu.requestAdapter = () => Promise.resolve(null);
  try {
    await assertFails(
      () => openGpu(),
      "no-adapter",
      /^Cannot find a WebGPU adapter: install a Vulkan driver .*mesa-vulkan-drivers.*`setup`$/,
    );
  } finally {
    gpu.requestAdapter = requestAdapter;
  }
});
