// Tensors: memory that views share.

import { relu } from "../../src/ops/relu.ts";
import { fullTensor } from "../../src/tensor/elementwise.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { canary, gpu } from "../gpu.ts";
import { emptyTensor } from "../../src/tensor/tensor.ts";

Deno.test("emptyTensor() is dirty in the tests, so that nobody relies on zeros", async () => {
  using _scope = gpu.scope();
  assertEquals([...await emptyTensor(gpu, [3]).read()], [canary, canary, canary]);
});

Deno.test("fullTensor() fills floats and integers", async () => {
  using _scope = gpu.scope();
  assertEquals([...await fullTensor(gpu, [2, 2], -0.5).read()], [-0.5, -0.5, -0.5, -0.5]);
  const integers = fullTensor(gpu, [3], 7, "u32");
  assertEquals(await integers.read(), Uint32Array.of(7, 7, 7));
});

Deno.test("a view is the same memory under another shape", async () => {
  using _scope = gpu.scope();
  const x = gpu.tensor(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
  const view = x.view([3, 2]);
  gpu.write(x, Float32Array.of(-1));
  assertEquals(view.shape, [3, 2]);
  assertEquals([...await view.read()], [-1, 2, 3, 4, 5, 6]);
});

Deno.test("a view can begin further on, and be computed with", async () => {
  using _scope = gpu.scope();
  const x = gpu.tensor(Float32Array.from({ length: 200 }, (_, i) => i - 100));
  const view = x.view([2, 50], 64 * 4);
  const values = await relu(view).read();
  assertEquals(values.length, 100);
  assertEquals([values[35], values[36], values[37], values[99]], [0, 0, 1, 63]);
  assertEquals([...await view.view([1], 256).read()], [28]);
});

Deno.test("memory lives as long as the last view of it", async () => {
  const live = gpu.live;
  const x = gpu.tensor(Float32Array.of(1, 2));
  const view = x.view([2]);
  x.dispose();
  assertEquals(gpu.live, live + 1);
  assertEquals([...await view.read()], [1, 2]);
  view.dispose();
  assertEquals(gpu.live, live);
});

Deno.test("a view beyond the end is refused", () => {
  using _scope = gpu.scope();
  const x = gpu.zeros([2, 3]);
  assertThrows(() => x.view([7]), TypeError, "Cannot view [2, 3] as [7] from byte 0");
  assertThrows(() => x.view([2], 20), TypeError, "Cannot view [2, 3] as [2] from byte 20");
});

Deno.test("a tensor with `using` gives its memory back", () => {
  const live = gpu.live;
  {
    using _x = gpu.zeros([4]);
    assertEquals(gpu.live, live + 1);
  }
  assertEquals(gpu.live, live);
});
