// Sums and means along axes.

import { mean, type ReduceOptions, sum } from "../../src/ops/reduce.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { checkOp, randomInput } from "../check_op.ts";
import { gpu } from "../gpu.ts";
import { sumReference } from "../reference/axes.ts";
import { mapReference } from "../reference/elementwise.ts";

const cases: readonly (readonly [Shape, ReduceOptions])[] = [
  [[1], {}],
  [[], {}],
  [[3, 4, 5], {}],
  [[2, 257], { axes: [1] }],
  [[257, 3], { axes: [0] }],
  [[2, 3, 4, 5, 6], { axes: [1, 3, 4] }],
  [[2, 3, 4, 5, 6], { axes: [-1, -3], keepDims: true }],
  [[2, 129, 3], { axes: [1], keepDims: true }],
  [[3, 1, 4], { axes: [1] }],
  [[2, 17000], { axes: [-1] }], // three passes
];

for (const [name, op] of Object.entries({ sum, mean })) {
  Deno.test(`${name}() matches double precision`, async () => {
    for (const [shape, options] of cases) {
      const all = [...shape.keys()];
      const axes = (options.axes ?? all).map((axis) => axis < 0 ? axis + shape.length : axis);
      const terms = axes.reduce((product, axis) => product * shape[axis], 1);
      await checkOp({
        op: `${name} ${JSON.stringify(options)}`,
        inputs: { x: randomInput(7, shape, [-0.5, 1]) },
        run: ({ x }) => op(x, options),
        reference: ({ x }) =>
          mapReference(
            sumReference(x, axes, options.keepDims ?? false),
            (total) => name === "mean" ? total / terms : total,
          ),
        tolerance: {
          forward: 1e-6,
          backward: 2e-7,
          reason: "up to 128 terms a node, half a unit each; gradients are copied or scaled",
        },
        stacked: shape.length > 0 && !axes.includes(0),
      });
    }
  });

  Deno.test(`${name}() rejects axes that do not exist or come twice, and integers`, () => {
    using _scope = gpu.scope();
    const x = gpu.zeros([2, 3]);
    for (const axes of [[2], [-3], [0, -2], [0.5]]) {
      assertThrows(
        () => op(x, { axes }),
        RangeError,
        `Cannot apply ${name}: axes are [${axes.join(", ")}] ` +
          "but different axes of shape [2, 3] are expected",
      );
    }
    assertThrows(
      () => op(gpu.zeros([2], "u32")),
      TypeError,
      `Cannot apply ${name}: x is u32 but f32 is expected`,
    );
  });
}

Deno.test("sum() of a million equal terms is a tree", async () => {
  using _scope = gpu.scope();
  const length = 1_000_003;
  const x = gpu.tensor(new Float32Array(length).fill(0.1));
  const [total] = await sum(x).read();
  const expected = length * Math.fround(0.1);
  // Equal terms round the same way every time; one after the other would be off by 1e-2.
  assert(Math.abs(total / expected - 1) < 1e-5, `${total} but ${expected}`);
});

Deno.test("sum() is memory of its own, also along axes of size 1", async () => {
  using _scope = gpu.scope();
  const x = gpu.tensor(Float32Array.of(5), [1, 1]);
  const total = sum(x);
  gpu.write(x, Float32Array.of(7));
  assertEquals([...await total.read()], [5]);
});
