// The kernels that measure what the adapter can do: they have to do the work that is counted.

import source from "../../kernels/ceiling.wgsl" with { type: "text" };
import { measureCeilings } from "../../src/gpu/ceiling.ts";
import { kernelFile } from "../../src/gpu/kernel.ts";
import { assert, assertEquals } from "../assert.ts";
import { LookedAtClock } from "../clock.ts";
import { canary, gpu } from "../gpu.ts";

const file = kernelFile("ceiling.wgsl", source);

Deno.test("multiply_add does eight chains of eight multiply-adds in every turn", async () => {
  using _scope = gpu.scope();
  const [count, turns] = [70, 3];
  const pairs = Float32Array.from({ length: 2 * count }, (_, i) => i % 2 ? 0.25 : 0.9 + 0.001 * i);
  const factors = gpu.tensor(pairs, [count, 2]);
  const results = gpu.tensor(new Float32Array(count + 10).fill(canary));
  gpu.dispatch({
    file,
    entryPoint: "multiply_add",
    params: { count, turns },
    buffers: { factors, results },
    workgroups: [2],
  });
  const values = await results.read();
  for (let i = 0; i < count; i++) {
    let expected = 0;
    for (let chain = 0; chain < 8; chain++) {
      let value = chain / 10;
      for (let step = 0; step < 8 * turns; step++) value = value * pairs[2 * i] + pairs[2 * i + 1];
      expected += value;
    }
    const error = Math.abs(values[i] - expected);
    // 24 roundings of each chain, and seven of the sum
    assert(error <= 31 * 2 ** -24 * expected, `${i}: ${values[i]} instead of ${expected}`);
  }
  assertEquals(values.slice(count).every((value) => value === canary), true);
});

Deno.test("copy copies every element, and no more", async () => {
  using _scope = gpu.scope();
  const data = Float32Array.from({ length: 4 * 300 }, (_, i) => i);
  const input = gpu.tensor(data);
  const output = gpu.tensor(new Float32Array(4 * 310).fill(canary));
  gpu.dispatch({
    file,
    entryPoint: "copy",
    params: { count: 300, turns: 0 },
    buffers: { input, output },
    workgroups: [2],
  });
  const values = await output.read();
  assertEquals(values.slice(0, data.length), data);
  assertEquals(values.slice(data.length).every((value) => value === canary), true);
});

Deno.test("measureCeilings() divides what was done by the best of the times that the clock tells", async () => {
  const { clock } = gpu;
  try {
    gpu.clock = new LookedAtClock(1000); // each attempt takes a second
    const { arithmetic, memory } = await measureCeilings(gpu);
    gpu.clock = new LookedAtClock(2000);
    assertEquals(await measureCeilings(gpu), { arithmetic: arithmetic / 2, memory: memory / 2 });
    assert(Number.isInteger(memory) && memory > 0, `${memory}`);
  } finally {
    gpu.clock = clock;
  }
});

Deno.test("measureCeilings() gives back its memory and counts more arithmetic than memory in the same time", async () => {
  const { clock } = gpu;
  const { bytes } = gpu.memory;
  try {
    gpu.clock = new LookedAtClock(1000);
    const { arithmetic, memory } = await measureCeilings(gpu);
    assertEquals(gpu.memory.bytes, bytes);
    assert(
      memory > 1e7 && arithmetic > memory && Number.isFinite(arithmetic),
      `${arithmetic}, ${memory}`,
    );
  } finally {
    gpu.clock = clock;
  }
});
