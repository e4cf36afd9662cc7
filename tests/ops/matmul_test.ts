// The product of matrices.

import { matmul } from "../../src/ops/matmul.ts";
import { relativeError } from "../close.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import { assertAccuracy } from "../accuracy.ts";
import { assertThrows } from "../assert.ts";
import { checkOp, randomInput } from "../check_op.ts";
import { gpu, kernelTest } from "../gpu.ts";
import { broadcastReference } from "../reference/axes.ts";
import { matmulReference } from "../reference/matmul.ts";
import type { Values } from "../reference/values.ts";

/** Left, right and whether models stay apart. */
const shapes: readonly (readonly [Shape, Shape, boolean])[] = [
  [[1, 1], [1, 1], false],
  [[2, 3], [3, 5], false],
  [[1, 257], [257, 1], false],
  [[67, 3], [3, 65], false], // ragged tiles both ways
  [[3, 9, 17], [3, 17, 66], true],
  [[2, 3, 4, 5], [2, 3, 5, 6], true],
  [[3, 8, 5], [5, 7], false], // one right matrix for all
  [[4, 5], [2, 3, 5, 6], false],
  [[2, 1, 4, 5], [3, 5, 6], false], // batch axes that stretch each other
  [[1, 4, 5], [3, 5, 6], false],
];

/** Mostly of one sign, so that no long sum cancels. */
const range = [-0.5, 1] as const;
const tolerance = {
  forward: 1e-6,
  backward: 1e-6,
  reason: "sums of up to 257 products: at most half a unit each, 6e-8, usually less",
};

function broadcastProduct(left: Values, right: Values): Values {
  const axes = Math.max(left.shape.length, right.shape.length);
  const sizes = [left, right].map(({ shape }) => [...Array(axes - shape.length).fill(1), ...shape]);
  const batch = sizes[0].slice(0, -2).map((size, axis) => Math.max(size, sizes[1][axis]));
  return matmulReference(
    broadcastReference(left, [...batch, ...left.shape.slice(-2)]),
    broadcastReference(right, [...batch, ...right.shape.slice(-2)]),
  );
}

kernelTest("matmul() matches double precision", async () => {
  for (const [left, right, stacked] of shapes) {
    await checkOp({
      op: "matmul",
      inputs: { left: randomInput(1, left, range), right: randomInput(2, right, range) },
      run: ({ left, right }) => matmul(left, right),
      reference: ({ left, right }) => broadcastProduct(left, right),
      tolerance,
      stacked,
    });
  }
});

Deno.test("matmul() adds up long sums in parts", async () => {
  using _scope = gpu.scope();
  const terms = 20_011;
  const left = randomInput(1, [2, 3, terms], [0, 1]);
  const right = randomInput(2, [2, terms, 2], [0, 1]);
  const [a, b] = [left, right].map(({ shape, data }) => ({ shape, data: Float64Array.from(data) }));
  const actual = await matmul(
    gpu.tensor(left.data, left.shape),
    gpu.tensor(right.data, right.shape),
  ).read();
  assertAccuracy("long sums", {
    op: "matmul",
    result: "output",
    oracle: "f64 loop",
    error: relativeError(actual, matmulReference(a, b).data),
    tolerance: 1e-6,
    reason: "2,001 terms of one sign in each of ten parts",
  });
});

Deno.test("matmul() rejects vectors, shapes that do not fit, and integers", () => {
  using _scope = gpu.scope();
  const x = gpu.zeros([2, 4, 3]);
  const mistakes: readonly (readonly [Shape, string])[] = [
    [[3], "both need at least two axes (left [2, 4, 3], right [3])"],
    [[2, 4, 3], "left has 3 columns but right has 4 rows (left [2, 4, 3], right [2, 4, 3])"],
    [
      [5, 3, 2],
      "the axes in front of the matrices do not broadcast (left [2, 4, 3], right [5, 3, 2])",
    ],
  ];
  for (const [shape, message] of mistakes) {
    assertThrows(() => matmul(x, gpu.zeros(shape)), TypeError, `Cannot apply matmul: ${message}`);
  }
  assertThrows(
    () => matmul(gpu.zeros([2, 2], "i32"), x),
    TypeError,
    "Cannot apply matmul: left is i32 but f32 is expected",
  );
});
