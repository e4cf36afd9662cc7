// The fully connected layer.

import { linear } from "../../src/ops/linear.ts";
import { backward, gradOf } from "../../src/tensor/autograd.ts";
import { assertThrows } from "../assert.ts";
import { checkOp, randomInput } from "../check_op.ts";
import { gpu } from "../gpu.ts";
import { pytorchTest } from "../pytorch.ts";
import { linearReference } from "../reference/linear.ts";

/** S, N, inputs, outputs. */
const sizes = [[1, 1, 1, 1], [1, 257, 3, 2], [3, 2, 65, 5], [2, 16, 10, 33]];
const tolerance = {
  forward: 1e-6,
  backward: 2e-6,
  reason: "sums of up to 257 products: at most half a unit each, 6e-8, usually less",
};

Deno.test("linear() without bias matches double precision", async () => {
  for (const [S, N, I, O] of sizes) {
    await checkOp({
      op: "linear",
      inputs: { x: randomInput(1, [S, N, I]), weight: randomInput(2, [S, O, I]) },
      run: ({ x, weight }) => linear(x, weight),
      reference: ({ x, weight }) => linearReference(x, weight),
      tolerance,
    });
  }
});

Deno.test("linear() with bias matches double precision", async () => {
  for (const [S, N, I, O] of sizes) {
    await checkOp({
      op: "linear",
      inputs: {
        x: randomInput(1, [S, N, I]),
        weight: randomInput(2, [S, O, I]),
        bias: randomInput(3, [S, O]),
      },
      run: ({ x, weight, bias }) => linear(x, weight, { bias }),
      reference: ({ x, weight, bias }) => linearReference(x, weight, bias),
      tolerance,
    });
  }
});

pytorchTest<{ bias: boolean }>("linear()", "linear", async (example) => {
  const requiresGrad = true;
  const x = example.floats("x", { requiresGrad });
  const weight = example.floats("w", { requiresGrad });
  const bias = example.settings.bias ? example.floats("b", { requiresGrad }) : undefined;
  const y = linear(x, weight, { bias });
  backward(y, example.floats("gy"));
  await example.expect("y", y);
  await example.expect("gx", gradOf(x));
  await example.expect("gw", gradOf(weight));
  if (bias) await example.expect("gb", gradOf(bias));
});

Deno.test("linear() rejects shapes that do not fit together", () => {
  using _scope = gpu.scope();
  const x = gpu.zeros([2, 4, 3]);
  assertThrows(
    () => linear(x, gpu.zeros([2, 5, 4])),
    TypeError,
    "Cannot apply linear: weight is f32 [2, 5, 4] but f32 [2, 5, 3] is expected",
  );
  assertThrows(
    () => linear(x, gpu.zeros([1, 5, 3])),
    TypeError,
    "Cannot apply linear: weight is f32 [1, 5, 3] but f32 [2, 5, 3] is expected",
  );
  assertThrows(
    () => linear(gpu.zeros([4, 3]), gpu.zeros([2, 5, 3])),
    TypeError,
    "Cannot apply linear: x has shape [4, 3] but 3 axes are expected",
  );
  assertThrows(
    () => linear(x, gpu.zeros([2, 5, 3]), { bias: gpu.zeros([5]) }),
    TypeError,
    "Cannot apply linear: bias is f32 [5] but f32 [2, 5] is expected",
  );
});
