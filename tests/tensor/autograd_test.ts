// The tape: order, sums of gradients, accumulation, and what it refuses.

import { add } from "../../src/ops/arithmetic.ts";
import { linear } from "../../src/ops/linear.ts";
import { sum } from "../../src/ops/reduce.ts";
import { relu } from "../../src/ops/relu.ts";
import { backward, clearGrad, gradOf, noGrad, record } from "../../src/tensor/autograd.ts";
import { emptyTensor, type Tensor } from "../../src/tensor/tensor.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { gpu } from "../gpu.ts";

function leaf(...values: number[]): Tensor {
  return gpu.tensor(Float32Array.from(values), [values.length], { requiresGrad: true });
}

async function gradient(tensor: Tensor): Promise<number[]> {
  return [...await gradOf(tensor).read()];
}

Deno.test("backward() adds the gradients of a tensor that is used twice", async () => {
  using _scope = gpu.scope();
  const x = leaf(1, -2, 3);
  backward(add(relu(x), x), gpu.tensor(Float32Array.of(1, 10, 100)));
  assertEquals(await gradient(x), [2, 10, 200]);
});

Deno.test("backward() adds the gradients of an operation's two equal inputs", async () => {
  using _scope = gpu.scope();
  const x = leaf(1, 2);
  backward(add(x, x));
  assertEquals(await gradient(x), [2, 2]);
});

Deno.test("backward() visits what several paths share once, after all of them", async () => {
  using _scope = gpu.scope();
  const x = leaf(1);
  let visits = 0;
  const shared = record(relu(x), [x], (upstream) => {
    visits++;
    return [upstream.view(upstream.shape)];
  });
  let y = shared;
  for (let i = 0; i < 10; i++) y = add(y, y); // 1,024 paths
  backward(add(y, shared));
  assertEquals(visits, 1);
  assertEquals(await gradient(x), [1025]);
});

Deno.test("backward() goes through a chain of 5,000 operations", async () => {
  using _scope = gpu.scope();
  const x = leaf(1, -1);
  let y: Tensor = x;
  for (let i = 0; i < 5000; i++) y = relu(y);
  backward(y, gpu.tensor(Float32Array.of(3, 4)));
  assertEquals(await gradient(x), [3, 0]);
});

Deno.test("backward() starts from ones by default", async () => {
  using _scope = gpu.scope();
  const x = leaf(1, 2, 3);
  backward(relu(x));
  assertEquals(await gradient(x), [1, 1, 1]);
});

Deno.test("backward() leaves the gradient it was given unchanged", async () => {
  using _scope = gpu.scope();
  const x = leaf(1, 2);
  const upstream = gpu.tensor(Float32Array.of(5, 6));
  backward(add(x, relu(x)), upstream);
  backward(add(x, relu(x)), upstream);
  assertEquals([...await upstream.read()], [5, 6]);
  assertEquals(await gradient(x), [20, 24]);
});

Deno.test("two calls of backward() accumulate, and a third starts afresh without a gradient", async () => {
  using _scope = gpu.scope();
  const x = leaf(1, -1);
  backward(relu(x));
  backward(relu(x), gpu.tensor(Float32Array.of(10, 10)));
  assertEquals(await gradient(x), [11, 0]);
  clearGrad(x);
  backward(relu(x));
  assertEquals(await gradient(x), [1, 0]);
});

Deno.test("a gradient marked as zero is overwritten, whatever it holds", async () => {
  using _scope = gpu.scope();
  const x = leaf(1, -1);
  x.gradient = emptyTensor(gpu, [2]);
  x.gradientState = { zeroedIn: gpu.stream };
  backward(relu(x));
  backward(relu(x));
  assertEquals(await gradient(x), [2, 0]);
});

Deno.test("a gradient marked as zero is overwritten, and added to by a second use", async () => {
  using _scope = gpu.scope();
  const inputs = [
    gpu.tensor(Float32Array.of(2, 3), [1, 1, 2]),
    gpu.tensor(Float32Array.of(5, 7), [1, 1, 2]),
  ];
  const weight = gpu.tensor(Float32Array.of(1, 1), [1, 1, 2], { requiresGrad: true });
  const gradient = gpu.tensor(Float32Array.of(NaN, NaN), [1, 1, 2]); // to be overwritten
  weight.gradient = gradient;
  const state = weight.gradientState = { zeroedIn: gpu.stream as number | null };
  const [first, second] = inputs.map((x) => linear(x, weight));
  backward(first);
  assertEquals([...await gradient.read()], [2, 3]);
  assertEquals(state.zeroedIn, null);
  state.zeroedIn = gpu.stream;
  backward(add(linear(inputs[0], weight), second));
  assertEquals([...await gradient.read()], [7, 10]);
  backward(add(relu(weight), weight)); // not marked: added to what is there
  assertEquals([...await gradient.read()], [9, 12]);
  state.zeroedIn = gpu.stream;
  backward(add(linear(inputs[1], weight), sum(weight, { axes: [2], keepDims: true })));
  assertEquals([...await gradient.read()], [6, 8]);
  state.zeroedIn = gpu.stream;
  backward(add(sum(weight, { axes: [2], keepDims: true }), linear(inputs[1], weight)));
  assertEquals([...await gradient.read()], [6, 8]);
});

Deno.test("gradients set to zero outside a recording are added to by its replays", async () => {
  using _scope = gpu.scope();
  using arena = gpu.arena();
  const x = leaf(1, -1);
  x.gradient = gpu.zeros([2]);
  x.gradientState = { zeroedIn: gpu.stream };
  const recording = gpu.record(arena, () => backward(relu(x)));
  recording.replay();
  recording.replay();
  assertEquals(await gradient(x), [2, 0]);
});

Deno.test("the two inputs of a sum have gradients of their own", async () => {
  using _scope = gpu.scope();
  const [x, y] = [leaf(1, 2), leaf(3, 4)];
  const upstream = gpu.tensor(Float32Array.of(1, 10));
  backward(add(x, y), upstream);
  backward(add(x, y), upstream);
  assertEquals(await gradient(x), [2, 20]);
  assertEquals(await gradient(y), [2, 20]);
});

Deno.test("a gradient lives as long as its tensor, whatever scope it was computed in", async () => {
  const live = gpu.live;
  const x = leaf(1, -1);
  for (let i = 0; i < 3; i++) {
    using _scope = gpu.scope();
    backward(relu(x));
    const other = gpu.tensor(Float32Array.of(100, 100));
    assertEquals(await gradient(x), [i + 1, 0]);
    assertEquals([...await other.read()], [100, 100]);
  }
  x.dispose();
  assertEquals(gpu.live, live);
});

Deno.test("tensors that require no gradient get none", async () => {
  using _scope = gpu.scope();
  const x = leaf(1, 2);
  const constant = gpu.tensor(Float32Array.of(3, 4));
  backward(add(x, constant));
  assertEquals(await gradient(x), [1, 1]);
  assert(constant.gradient === null);
});

Deno.test("the tape holds on to nothing: only leaves' gradients stay after backward()", () => {
  using _scope = gpu.scope();
  const x = leaf(1, 2);
  const y = relu(add(x, x));
  const live = gpu.live;
  backward(y);
  assertEquals(gpu.live, live + 1);
});

Deno.test("noGrad() computes without a tape, also when its body throws", () => {
  using _scope = gpu.scope();
  const x = leaf(1);
  const y = noGrad(() => relu(x));
  assertEquals(y.requiresGrad, false);
  assert(y.node === null);
  assertThrows(
    () =>
      noGrad(() => {
        throw new RangeError("made up");
      }),
    RangeError,
  );
  assertEquals(relu(x).requiresGrad, true);
});

Deno.test("an operation computes no gradient for an input that requires none", async () => {
  using _scope = gpu.scope();
  const x = gpu.tensor(Float32Array.of(1, 2), [1, 1, 2]);
  const weight = gpu.tensor(Float32Array.of(3, 4), [1, 1, 2], { requiresGrad: true });
  backward(linear(x, weight));
  assertEquals(await gradient(weight), [1, 2]);
  assert(x.gradient === null);
});

Deno.test("gradOf() says why there is no gradient", () => {
  using _scope = gpu.scope();
  assertThrows(
    () => gradOf(leaf(1, 2)),
    TypeError,
    "Cannot read a gradient: backward has not reached this tensor of shape [2], " +
      "or it does not require one",
  );
});

Deno.test("backward() rejects outputs without a tape and gradients of another shape", () => {
  using _scope = gpu.scope();
  assertThrows(
    () => backward(relu(gpu.zeros([2]))),
    TypeError,
    "Cannot differentiate: no input of the output requires a gradient",
  );
  assertThrows(
    () => backward(relu(leaf(1, 2)), gpu.zeros([3])),
    TypeError,
    "Cannot differentiate: the gradient is f32 [3] but the output is f32 [2]",
  );
});

Deno.test("leaves whose gradients come from the same tensor accumulate each by itself", async () => {
  using _scope = gpu.scope();
  const [x, y] = [leaf(1, 2), leaf(3, 4)];
  const upstream = gpu.tensor(Float32Array.of(5, 6));
  for (let time = 0; time < 2; time++) backward(add(x, y), upstream);
  assertEquals([...await gradient(x), ...await gradient(y)], [10, 12, 10, 12]);
  assertEquals([...await upstream.read()], [5, 6]);
});
