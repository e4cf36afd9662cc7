// Scopes, the pool behind them, uploads and downloads.

import { kernelFile } from "../../src/gpu/kernel.ts";
import { add } from "../../src/ops/arithmetic.ts";
import { relu } from "../../src/ops/relu.ts";
import { type Gpu, openGpu } from "../../src/tensor/gpu.ts";
import { emptyTensor, type Tensor } from "../../src/tensor/tensor.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";

/** Not the shared one: the counts of a pool are exact only for who uses it alone. */
const gpu: Gpu = await openGpu();
globalThis.addEventListener("unload", () => gpu.dispose());

Deno.test("a scope gives back what was created in it", () => {
  const live = gpu.live;
  {
    using _scope = gpu.scope();
    relu(add(gpu.zeros([4]), gpu.zeros([4])));
    assertEquals(gpu.live, live + 4);
  }
  assertEquals(gpu.live, live);
});

Deno.test("a scope leaves what was kept, and what its owner disposed of", async () => {
  const live = gpu.live;
  const kept = (() => {
    using _scope = gpu.scope();
    const sum = gpu.keep(add(gpu.tensor(Float32Array.of(1)), gpu.tensor(Float32Array.of(2))));
    gpu.zeros([4]).dispose();
    return sum;
  })();
  assertEquals(gpu.live, live + 1);
  assertEquals([...await kept.read()], [3]);
  kept.dispose();
  kept.dispose();
  assertEquals(gpu.live, live);
});

Deno.test("a scope within a scope gives back only its own", () => {
  const live = gpu.live;
  {
    using _outer = gpu.scope();
    gpu.zeros([4]);
    {
      using _inner = gpu.scope();
      gpu.zeros([4]);
    }
    assertEquals(gpu.live, live + 1);
  }
  assertEquals(gpu.live, live);
});

Deno.test("a tensor that is kept survives all scopes around it", () => {
  const live = gpu.live;
  const kept = (() => {
    using _outer = gpu.scope();
    using _inner = gpu.scope();
    return gpu.keep(gpu.zeros([4]));
  })();
  assertEquals(gpu.live, live + 1);
  kept.dispose();
});

Deno.test("ending scopes in the wrong order is an error", () => {
  const outer = gpu.scope();
  const inner = gpu.scope();
  assertThrows(
    () => outer[Symbol.dispose](),
    TypeError,
    "Cannot end a scope: a scope opened inside it has not ended",
  );
  inner[Symbol.dispose]();
  outer[Symbol.dispose]();
});

Deno.test("a second run of the same operations allocates nothing and compiles nothing", () => {
  const run = () => {
    using _scope = gpu.scope();
    for (const size of [10, 1000, 100_000]) relu(add(gpu.zeros([size]), gpu.zeros([size])));
  };
  run();
  const before = [gpu.live, gpu.pooled, gpu.pipelines];
  run();
  assertEquals([gpu.live, gpu.pooled, gpu.pipelines], before);
});

Deno.test("memory counts the bytes of buffers in use and kept for use, arenas apart", async () => {
  const gpu = await openGpu();
  const bytes = () => [gpu.memory.bytes, gpu.memory.arenaBytes];
  assertEquals(bytes(), [0, 0]);
  const x = gpu.zeros([1024]);
  gpu.zeros([64]).dispose();
  assertEquals(bytes(), [4096 + 256, 0]);
  {
    using arena = gpu.arena();
    gpu.record(arena, () => relu(x));
    assertEquals(bytes(), [2 * 4096 + 256, 4096]);
  }
  assertEquals(bytes(), [4096 + 256, 0]);
  gpu.zeros([64]); // kept from before
  assertEquals(bytes(), [4096 + 256, 0]);
  assertEquals(gpu.peakMemory, { bytes: 2 * 4096 + 256, arenaBytes: 4096 });
  gpu.dispose();
});

Deno.test("other shapes need no other pipelines", () => {
  using _scope = gpu.scope();
  relu(gpu.zeros([3, 4]));
  const pipelines = gpu.pipelines;
  for (const shape of [[1], [7, 5], [2, 3, 65, 1, 1]]) relu(gpu.zeros(shape));
  assertEquals(gpu.pipelines, pipelines);
});

Deno.test("a tensor of any type reads back what was uploaded", async () => {
  using _scope = gpu.scope();
  const arrays = [
    Float32Array.of(0.1, -0, 1e-38, 3.4e38, -1),
    Int32Array.of(-(2 ** 31), -1, 0, 2 ** 31 - 1),
    Uint32Array.of(0, 2 ** 32 - 1, 2 ** 31),
  ];
  for (const array of arrays) {
    const tensor = gpu.tensor(array);
    const read = await tensor.read();
    assert(read.constructor === array.constructor);
    assertEquals(new Uint8Array(read.buffer), new Uint8Array(array.buffer));
    assertEquals(tensor.shape, [array.length]);
  }
});

Deno.test("bytes of any number read back what was uploaded", async () => {
  using _scope = gpu.scope();
  for (const length of [1, 3, 4, 5, 8, 1023]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + 200) % 256);
    const tensor = gpu.tensor(bytes);
    assertEquals(tensor.dtype, "u8");
    assertEquals(await tensor.read(), bytes);
  }
});

Deno.test("a part of an array uploads that part", async () => {
  using _scope = gpu.scope();
  const bytes = Uint8Array.from({ length: 20 }, (_, i) => i);
  const part = bytes.subarray(3, 10);
  assertEquals(await gpu.tensor(part).read(), Uint8Array.of(3, 4, 5, 6, 7, 8, 9));
});

Deno.test("zeros() is zero in memory that was something else", async () => {
  {
    using _scope = gpu.scope();
    gpu.tensor(new Float32Array(500).fill(7));
  }
  using _scope = gpu.scope();
  for (const dtype of ["f32", "i32", "u32", "u8"] as const) {
    assertEquals(Math.max(...await gpu.zeros([5, 100], dtype).read()), 0);
  }
});

Deno.test("uploads take effect in the order of the calls around them", async () => {
  using _scope = gpu.scope();
  const x = gpu.tensor(Float32Array.of(1));
  const first = relu(x);
  gpu.write(x, Float32Array.of(2));
  const second = relu(x);
  assertEquals([...await first.read(), ...await second.read()], [1, 2]);
});

Deno.test("results hold across many more commands than one submission takes", async () => {
  using _scope = gpu.scope();
  const one = gpu.tensor(Float32Array.of(1));
  let sum = gpu.zeros([1]);
  for (let i = 0; i < 1000; i++) sum = add(sum, one);
  assertEquals([...await sum.read()], [1000]);
});

Deno.test("tensor() rejects a shape with another number of elements", () => {
  assertThrows(
    () => gpu.tensor(new Float32Array(5), [2, 3]),
    TypeError,
    "Cannot make a tensor: shape [2, 3] has 6 elements but the array has 5",
  );
});

Deno.test("dispatch() rejects a buffer that the kernel does not declare", () => {
  using _scope = gpu.scope();
  const output = emptyTensor(gpu, [1]);
  const file = kernelFile(
    "made_up.wgsl",
    "@group(0) @binding(0) var<storage, read_write> y: array<f32>;" +
      "@compute @workgroup_size(1) fn run() { y[0] = 1.0; }",
  );
  assertThrows(
    () => gpu.dispatch({ file, entryPoint: "run", buffers: { output }, workgroups: [1] }),
    TypeError,
    'Cannot bind "output" in made_up.wgsl: it declares [y]',
  );
});

const withBias = kernelFile(
  "with_bias.wgsl",
  `override has_bias: bool = true;
@group(0) @binding(0) var<storage, read> bias: array<vec4f>;
@group(0) @binding(1) var<storage, read> unread: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@compute @workgroup_size(1)
fn run() {
  if (has_bias) { output[0] = bias[0].x; } else { output[0] = -1.0; }
  if (output[0] > 1e9) { output[0] = unread[0]; }
}`,
);

Deno.test("dispatch() tells a kernel which of its buffers are missing, and binds something to it", async () => {
  using _scope = gpu.scope();
  const output = emptyTensor(gpu, [1]);
  const bias = gpu.tensor(Float32Array.of(7, 0, 0, 0));
  for (const [given, expected] of [[bias, 7], [null, -1]] as const) {
    const buffers = { bias: given, unread: null, unknown: null, output };
    gpu.dispatch({ file: withBias, entryPoint: "run", buffers, workgroups: [1] });
    assertEquals([...await output.read()], [expected]);
  }
});

Deno.test("a dispatch counts the bytes of its views once each, or those that it is told", () => {
  using _scope = gpu.scope();
  using arena = gpu.arena();
  const output = gpu.zeros([1]);
  const bias = gpu.zeros([100]);
  const bytesOf = (buffers: Record<string, Tensor | null>, bytes?: number) => {
    const spec = { file: withBias, entryPoint: "run", buffers, workgroups: [1], bytes } as const;
    const { commands: [command] } = gpu.record(arena, () => gpu.dispatch(spec));
    return command.kind === "dispatch" && command.use.bytes;
  };
  assertEquals(bytesOf({ bias, unread: bias, output }), 404);
  assertEquals(bytesOf({ bias, unread: bias, output }, 12), 12);
});
