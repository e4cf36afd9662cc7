// Recording commands once and replaying them.

import { kernelFile } from "../../src/gpu/kernel.ts";
import { add } from "../../src/ops/arithmetic.ts";
import { relu } from "../../src/ops/relu.ts";
import { backward, gradOf } from "../../src/tensor/autograd.ts";
import { openGpu } from "../../src/tensor/gpu.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertEquals, assertThrows } from "../assert.ts";

/** Not the shared one: the counts of a pool are exact only for who uses it alone. */
const gpu = await openGpu();
globalThis.addEventListener("unload", () => gpu.dispose());

/** target = relu(x + y), through intermediate results. */
function compute(x: Tensor, y: Tensor, target: Tensor): void {
  gpu.copy(relu(add(x, y)), target);
}

Deno.test("a replay does the same to what the tensors hold then", async () => {
  using _scope = gpu.scope();
  using arena = gpu.arena();
  const [x, y, target] = [gpu.zeros([3]), gpu.zeros([3]), gpu.zeros([3])];
  const recording = gpu.record(arena, () => compute(x, y, target));
  assertEquals([...await target.read()], [0, 0, 0]);

  gpu.write(x, Float32Array.of(1, 2, -3));
  recording.replay();
  assertEquals([...await target.read()], [1, 2, 0]);

  gpu.write(y, Float32Array.of(-5, 5, 4));
  recording.replay();
  assertEquals([...await target.read()], [0, 7, 1]);
});

Deno.test("a replay can depend on what the one before it left", async () => {
  using _scope = gpu.scope();
  using arena = gpu.arena();
  const one = gpu.tensor(Float32Array.of(1));
  const total = gpu.zeros([1]);
  const recording = gpu.record(arena, () => gpu.copy(add(total, one), total));
  for (let i = 0; i < 300; i++) recording.replay();
  assertEquals([...await total.read()], [300]);
});

Deno.test("a recording takes in the gradients of what it computes", async () => {
  using _scope = gpu.scope();
  using arena = gpu.arena();
  const x = gpu.tensor(Float32Array.of(1, -2), [2], { requiresGrad: true });
  const gradient = gpu.zeros([2]);
  const recording = gpu.record(arena, () => {
    backward(relu(add(x, x)));
    gpu.copy(gradOf(x), gradient);
  });
  recording.replay();
  assertEquals([...await gradient.read()], [2, 0]);
  gpu.write(x, Float32Array.of(-1, 2));
  recording.replay();
  assertEquals([...await gradient.read()], [0, 2]);
});

Deno.test("recordings share an arena's memory, which goes with it", () => {
  using _scope = gpu.scope();
  const tensors = [gpu.zeros([3]), gpu.zeros([3]), gpu.zeros([3])] as const;
  const [live, pooled] = [gpu.live, gpu.pooled];
  {
    using arena = gpu.arena();
    gpu.record(arena, () => compute(...tensors));
    const used = gpu.pooled - pooled;
    assertEquals(used, 2); // the sum and its rectified copy
    gpu.record(arena, () => compute(...tensors));
    assertEquals([gpu.live, gpu.pooled], [live, pooled + used]);
  }
  assertEquals([gpu.live, gpu.pooled], [live, pooled]);
});

Deno.test("a recording makes no bind groups and no pipelines when it is replayed", () => {
  using _scope = gpu.scope();
  using arena = gpu.arena();
  const recording = gpu.record(
    arena,
    () => compute(gpu.zeros([3]), gpu.zeros([3]), gpu.zeros([3])),
  );
  const { device } = gpu;
  const original = device.createBindGroup;
  let made = 0;
  device.createBindGroup = (descriptor) => {
    made++;
    return original.call(device, descriptor);
  };
  try {
    for (let i = 0; i < 10; i++) recording.replay();
  } finally {
    device.createBindGroup = original;
  }
  assertEquals(made, 0);
});

Deno.test("a recording admits neither uploads, downloads nor another recording", async () => {
  using _scope = gpu.scope();
  using arena = gpu.arena();
  const x = gpu.zeros([1]);
  assertThrows(
    () => gpu.record(arena, () => gpu.tensor(Float32Array.of(1))),
    TypeError,
    "Cannot upload within a recording: a replay would not repeat it",
  );
  assertThrows(
    () => gpu.record(arena, () => gpu.record(arena, () => {})),
    TypeError,
    "Cannot record within a recording",
  );
  let reading: Promise<unknown> = Promise.resolve();
  gpu.record(arena, () => {
    reading = x.read().catch((error) => error.message);
  });
  assertEquals(await reading, "Cannot read back within a recording");
});

Deno.test("an error while recording leaves the runtime usable", async () => {
  using _scope = gpu.scope();
  using arena = gpu.arena();
  const live = gpu.live;
  assertThrows(
    () =>
      gpu.record(arena, () => {
        relu(gpu.zeros([1]));
        throw new RangeError("made up");
      }),
    RangeError,
    "made up",
  );
  assertEquals(gpu.live, live);
  assertEquals([...await relu(gpu.tensor(Float32Array.of(3))).read()], [3]);
});

Deno.test("commands go to the queue when they are many, or much work", () => {
  using _scope = gpu.scope();
  const { queue } = gpu.device;
  const submit = queue.submit.bind(queue);
  let submits = 0;
  queue.submit = (buffers) => (submits++, submit(buffers));
  try {
    const x = gpu.zeros([1]);
    const file = kernelFile(
      "one.wgsl",
      "@group(0) @binding(0) var<storage, read_write> x: array<f32>;\n" +
        "@compute @workgroup_size(1) fn one() { x[0] += 1.0; }",
    );
    const issued = (commands: number, work: number) => {
      gpu.flush();
      submits = 0;
      for (let i = 0; i < commands; i++) {
        gpu.dispatch({ file, entryPoint: "one", buffers: { x }, workgroups: [1], work });
      }
      return submits;
    };
    assertEquals(issued(10, 1e9), 0);
    assertEquals(issued(255, 0), 0);
    assertEquals(issued(256, 0), 1);
    assertEquals(issued(10, 4e10), 4); // before the third, the fifth, …
    assertEquals(issued(3, 2e11), 2); // each alone
  } finally {
    Reflect.deleteProperty(queue, "submit");
  }
});
