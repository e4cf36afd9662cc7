// What the device would answer with a message of its own, or not at all, is refused on the host.

import { relu } from "../../src/ops/relu.ts";
import { add } from "../../src/ops/arithmetic.ts";
import { crossEntropy } from "../../src/ops/losses.ts";
import { linear } from "../../src/ops/linear.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { type Gpu, openGpu } from "../../src/tensor/gpu.ts";
import { assertEquals, assertRejects, assertThrows } from "../assert.ts";
import { gpu } from "../gpu.ts";

async function withAnotherGpu(body: (other: Gpu) => void | Promise<void>): Promise<void> {
  const other = await openGpu();
  try {
    await body(other);
  } finally {
    other.dispose();
  }
}

Deno.test("a tensor of another Gpu is refused with the operation's name, and both go on", () =>
  withAnotherGpu(async (other) => {
    using _scope = gpu.scope();
    const own = gpu.tensor(Float32Array.of(1, 2, 3, 4), [1, 2, 2], { requiresGrad: true });
    const foreign = other.tensor(Float32Array.of(1, 1, 1, 1), [1, 2, 2]);
    const labels = other.tensor(Int32Array.of(0, 1), [1, 2]);
    const refusals: [() => unknown, string][] = [
      [() => add(own, foreign), "Cannot apply add: right belongs to another Gpu than left"],
      [() => linear(own, foreign), "Cannot apply linear: weight belongs to another Gpu than x"],
      [() => crossEntropy(own, labels), "Cannot apply crossEntropy: labels belongs to another Gpu"],
      [() => backward(relu(own), foreign), "the gradient belongs to another Gpu"],
      [() => gpu.copy(own, foreign), "Cannot copy: the memory belongs to another Gpu"],
      [
        () => gpu.write(foreign, new Float32Array(4)),
        "Cannot write: the memory belongs to another",
      ],
      [() => gpu.clear(foreign), "Cannot clear: the memory belongs to another Gpu"],
    ];
    for (const [call, message] of refusals) assertThrows(call, TypeError, message);
    await assertRejects(() => gpu.read(foreign), TypeError, "Cannot read: the memory belongs to");
    assertEquals([...await own.read(), ...await foreign.read()], [1, 2, 3, 4, 1, 1, 1, 1]);
  }));

Deno.test("copies onto themselves and beyond an end are refused, and the device goes on", async () => {
  using _scope = gpu.scope();
  const [small, large] = [gpu.zeros([2]), gpu.tensor(Float32Array.of(1, 2, 3, 4))];
  assertThrows(() => gpu.copy(large, large), TypeError, "lie in the same buffer");
  assertThrows(() => gpu.copy(large, large.view([2], 8), 8), TypeError, "lie in the same buffer");
  const message = "Cannot copy 16 bytes: the source has 16, the target 8";
  assertThrows(() => gpu.copy(large, small), RangeError, message);
  assertThrows(() => gpu.copy(large, small, 6), RangeError, "has to be a multiple of 4");
  gpu.copy(large, small, 8);
  assertEquals([...await small.read()], [1, 2]);
});

Deno.test("writes that do not fit, or are of another type, are refused", async () => {
  using _scope = gpu.scope();
  const x = gpu.tensor(Float32Array.of(1, 2));
  const tooMuch = "Cannot write 12 bytes: there is room for 8";
  assertThrows(() => gpu.write(x, new Float32Array(3)), RangeError, tooMuch);
  assertThrows(() => gpu.write(x, new Int32Array(2)), TypeError, "the array is i32");
  assertThrows(() => gpu.write(x, new Float64Array(1)), TypeError, "Float64Array");
  assertThrows(() => gpu.zeros([2], "f16" as "f32"), TypeError, "Cannot make a tensor of f16");
  assertThrows(
    () => gpu.zeros(2 as unknown as number[]),
    TypeError,
    "tensor of shape 2: sizes have",
  );
  assertEquals([...await x.read()], [1, 2]);
});

Deno.test("a view that cannot be bound is refused with the kernel's name", () => {
  using _scope = gpu.scope();
  const x = gpu.zeros([128]);
  assertThrows(() => x.view([4], 6), TypeError, "from byte 6");
  assertThrows(
    () => relu(x.view([4], 16)),
    TypeError,
    '"left" is a view from byte 16 but a multiple',
  );
  relu(x.view([4], 256));
});

Deno.test("what was disposed of cannot be used: tensors, views of them, a whole Gpu", async () => {
  const x = gpu.zeros([4]);
  x.dispose();
  for (const use of [() => relu(x), () => x.view([2]), () => gpu.write(x, new Float32Array(4))]) {
    assertThrows(use, TypeError, "Cannot use a tensor of shape [4]: its scope has ended");
  }
  const other = await openGpu();
  const left = other.zeros([1]);
  other.dispose();
  const message = "Cannot use this Gpu: it was disposed of";
  assertThrows(() => other.zeros([1]), Error, message);
  assertThrows(() => relu(left), Error, message);
  await assertRejects(() => left.read(), Error, message);
});
