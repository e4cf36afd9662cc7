// Sums, differences, products and multiples, with broadcasting.

import { add, mul, scale, sub } from "../../src/ops/arithmetic.ts";
import { broadcastTo } from "../../src/ops/broadcast.ts";
import { matmul } from "../../src/ops/matmul.ts";
import { backward, gradOf } from "../../src/tensor/autograd.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { checkOp, randomInput } from "../check_op.ts";
import { gpu } from "../gpu.ts";
import {
  addReference,
  mapReference,
  mulReference,
  subReference,
} from "../reference/elementwise.ts";
import type { Values } from "../reference/values.ts";

type Binary<T> = (left: T, right: T) => T;
const operations: readonly (readonly [string, Binary<Tensor>, Binary<Values>])[] = [
  ["add", add, addReference],
  ["sub", sub, subReference],
  ["mul", mul, mulReference],
];

const equalShapes: readonly Shape[] = [[1], [], [3, 4, 5], [2, 257]];
/** Left and right; each axis is stretched on the left, on the right or on neither side. */
const broadcastShapes: readonly (readonly [Shape, Shape])[] = [
  [[3, 257], [257]],
  [[5], [2, 3, 5]],
  [[3, 1], [1, 7]],
  [[], [2, 3]],
  [[1, 1, 1], [3, 1]],
  [[2, 1, 3, 1, 5], [4, 1, 7, 1]],
  [[2, 3, 4, 5, 6], [3, 1, 1, 1]],
  [[1, 4, 1], [300, 1, 3]],
];

for (const [op, run, reference] of operations) {
  const check = (left: Shape, right: Shape, stacked: boolean) =>
    checkOp({
      op,
      inputs: { left: randomInput(1, left), right: randomInput(2, right) },
      run: ({ left, right }) => run(left, right),
      reference: ({ left, right }) => reference(left, right),
      tolerance: {
        forward: 6e-8,
        backward: 1e-6,
        reason: "one rounding; gradients are sums of up to 1,200 terms, in parts of 128",
      },
      stacked,
    });

  Deno.test(`${op}() of equal shapes matches double precision`, async () => {
    for (const shape of equalShapes) await check(shape, shape, shape.length > 0);
  });

  Deno.test(`${op}() of shapes that broadcast matches double precision`, async () => {
    for (const [left, right] of broadcastShapes) await check(left, right, false);
  });

  Deno.test(`${op}() rejects shapes that do not fit, and integers`, () => {
    using _scope = gpu.scope();
    assertThrows(
      () => run(gpu.zeros([2, 3]), gpu.zeros([3, 2])),
      TypeError,
      `Cannot apply ${op}: left has shape [2, 3] and right [3, 2], ` +
        "which differ in an axis where neither is 1",
    );
    assertThrows(
      () => run(gpu.zeros([2]), gpu.zeros([2], "u32")),
      TypeError,
      `Cannot apply ${op}: right is u32 but f32 is expected`,
    );
  });
}

Deno.test("mul() of a tensor with itself has both gradients", async () => {
  using _scope = gpu.scope();
  const x = gpu.tensor(Float32Array.of(3, -2), [2], { requiresGrad: true });
  backward(mul(x, x));
  assertEquals([...await gradOf(x).read()], [6, -4]);
});

Deno.test("scale() matches double precision", async () => {
  for (const factor of [0.3, -2, 0]) {
    await checkOp({
      op: `scale by ${factor}`,
      inputs: { x: randomInput(3, [3, 257]) },
      run: ({ x }) => scale(x, factor),
      reference: ({ x }) => mapReference(x, (value) => factor * value),
      tolerance: { forward: 1.2e-7, backward: 1.2e-7, reason: "the factor and the product round" },
    });
  }
});

Deno.test("scale() rejects factors that are not finite", () => {
  using _scope = gpu.scope();
  assertThrows(
    () => scale(gpu.zeros([2]), NaN),
    RangeError,
    "Cannot apply scale: factor is NaN but a finite number is expected",
  );
});

Deno.test("add() covers more elements than one row of workgroups has", async () => {
  using _scope = gpu.scope();
  const length = 65535 * 256 + 257; // a second row, whose last workgroup is ragged
  const left = gpu.tensor(Float32Array.from({ length }, (_, i) => i % 1000));
  const right = gpu.tensor(Float32Array.from({ length }, (_, i) => i % 7));
  const sum = await add(left, right).read();
  const wrong = sum.findIndex((value, i) => value !== i % 1000 + i % 7);
  if (wrong >= 0) throw new RangeError(`Element ${wrong} is ${sum[wrong]}`);
});

Deno.test("shapes that could take models for rows are refused, with both readings", () => {
  using _scope = gpu.scope();
  const [stack, single] = [gpu.zeros([3, 3, 4]), gpu.zeros([3, 4])];
  const message =
    "[3, 4] beside right [3, 3, 4] can be meant in two ways; reshape it to [3, 1, 4] " +
    "for each model its own, or to [1, 3, 4] for all models the same";
  for (const op of [add, sub, mul]) {
    assertThrows(() => op(single, stack), TypeError, message);
    assertThrows(
      () => op(gpu.zeros([2, 1, 4]), gpu.zeros([2, 4])),
      TypeError,
      "[2, 1, 4] for each",
    );
  }
  assertThrows(() => broadcastTo(single, [3, 3, 4]), TypeError, "can be meant in two ways");
  const [left, right] = [gpu.zeros([2, 2, 3, 3]), gpu.zeros([2, 3, 3])];
  assertThrows(() => matmul(left, right), TypeError, "can be meant in two ways");
  assertEquals(add(stack, gpu.zeros([1, 4])).shape, [3, 3, 4]);
  assertEquals(matmul(left, gpu.zeros([3, 3])).shape, [2, 2, 3, 3]);
  assertEquals(matmul(gpu.zeros([3, 4, 3]), gpu.zeros([3, 5])).shape, [3, 4, 5]); // a matrix has no stack
});
