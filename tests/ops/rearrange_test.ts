// Other shapes and other orders of axes.

import { broadcastTo } from "../../src/ops/broadcast.ts";
import { permute, reshape } from "../../src/ops/rearrange.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { checkOp, randomInput } from "../check_op.ts";
import { gpu } from "../gpu.ts";
import { broadcastReference, permuteReference } from "../reference/axes.ts";

const copies = {
  forward: 0,
  backward: 1e-9,
  reason: "copies; the differences are off by that much",
};

const orders: readonly (readonly [Shape, readonly number[]])[] = [
  [[1], [0]],
  [[3, 257], [1, 0]],
  [[2, 3, 4, 5], [0, 3, 1, 2]],
  [[2, 3, 4, 5], [2, 3, 0, 1]],
  [[2, 1, 4, 5], [-1, 0, -2, 1]],
  [[2, 3, 2, 3, 2, 3], [5, 4, 3, 2, 1, 0]],
  [[1, 2, 1, 3, 2, 3, 2, 2], [7, 6, 0, 4, 5, 3, 2, 1]], // eight axes, of which six are left
];

Deno.test("permute() matches a loop over indices", async () => {
  for (const [shape, order] of orders) {
    const axes = order.map((axis) => axis < 0 ? axis + shape.length : axis);
    await checkOp({
      op: `permute ${order}`,
      inputs: { x: randomInput(8, shape) },
      run: ({ x }) => permute(x, order),
      reference: ({ x }) => permuteReference(x, axes),
      tolerance: copies,
      stacked: axes[0] === 0,
    });
  }
});

Deno.test("permute() copies integers bit for bit", async () => {
  using _scope = gpu.scope();
  const x = gpu.tensor(Int32Array.of(1, -1, 2, -(2 ** 31)), [2, 2]);
  assertEquals(await permute(x, [1, 0]).read(), Int32Array.of(1, 2, -1, -(2 ** 31)));
});

Deno.test("permute() rejects orders that are none, bytes and more than six axes", () => {
  using _scope = gpu.scope();
  const x = gpu.zeros([2, 3]);
  assertThrows(
    () => permute(x, [0]),
    RangeError,
    "Cannot apply permute: order is [0] but every axis of shape [2, 3] is expected once",
  );
  assertThrows(() => permute(x, [0, 0]), RangeError, "axes are [0, 0] but different axes");
  assertThrows(
    () => permute(gpu.zeros([4, 4], "u8"), [1, 0]),
    TypeError,
    "Cannot apply permute: x is u8 but 32 bits are expected",
  );
  assertThrows(
    () => permute(gpu.zeros(new Array(7).fill(2)), [6, 5, 4, 3, 2, 1, 0]),
    TypeError,
    "Cannot apply permute: it walks 7 axes in an order of their own but at most 6 are supported",
  );
});

Deno.test("reshape() keeps the elements, and works out an axis of −1", async () => {
  for (const shape of [[6, 4], [24], [2, -1], [-1], [2, 3, 1, 4]]) {
    const full = shape.map((size) => size < 0 ? -24 / shape.reduce((a, b) => a * b, 1) : size);
    await checkOp({
      op: `reshape to ${shape}`,
      inputs: { x: randomInput(9, [2, 3, 4]) },
      run: ({ x }) => reshape(x, shape),
      reference: ({ x }) => ({ shape: full, data: x.data }),
      tolerance: copies,
      stacked: false, // it mixes models by design
    });
  }
});

Deno.test("reshape() rejects shapes of another size", () => {
  using _scope = gpu.scope();
  const x = gpu.zeros([2, 3]);
  for (const shape of [[7], [-1, 4], [-1, -1], [3, -2], [0, -1]]) {
    assertThrows(
      () => reshape(x, shape),
      TypeError,
      `Cannot apply reshape: x has shape [2, 3], whose 6 elements do not fill [${
        shape.join(", ")
      }]`,
    );
  }
});

Deno.test("broadcastTo() repeats, and sums the gradient", async () => {
  const shapes: readonly (readonly [Shape, Shape])[] = [
    [[1], [257]],
    [[3], [2, 3]],
    [[2, 1, 5], [2, 300, 5]],
    [[1, 2, 1, 3, 1], [4, 2, 5, 3, 6]],
    [[3, 2], [3, 2]],
  ];
  for (const [shape, wanted] of shapes) {
    await checkOp({
      op: `broadcastTo ${wanted}`,
      inputs: { x: randomInput(10, shape) },
      run: ({ x }) => broadcastTo(x, wanted),
      reference: ({ x }) => broadcastReference(x, wanted),
      tolerance: {
        forward: 0,
        backward: 1e-6,
        reason: "copies; gradients are sums of up to 300 terms, in parts of 128",
      },
      stacked: false, // models may come from one
    });
  }
});

Deno.test("broadcastTo() rejects shapes that are no repetition", () => {
  using _scope = gpu.scope();
  for (const shape of [[3, 2], [3], [1, 3], [2, 0]]) {
    assertThrows(
      () => broadcastTo(gpu.zeros([2, 3]), shape),
      TypeError,
      `Cannot apply broadcastTo: x has shape [2, 3], which does not broadcast to [${
        shape.join(", ")
      }]`,
    );
  }
});
