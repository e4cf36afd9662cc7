// Softmax and log-softmax.

import { logSoftmax, softmax } from "../../src/ops/softmax.ts";
import { backward, gradOf } from "../../src/tensor/autograd.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertThrows } from "../assert.ts";
import { checkOp, randomInput } from "../check_op.ts";
import { gpu } from "../gpu.ts";
import { pytorchTest } from "../pytorch.ts";
import { logSoftmaxReference, softmaxReference } from "../reference/softmax.ts";
import type { Values } from "../reference/values.ts";

const operations: [string, (x: Tensor) => Tensor, (x: Values) => Values][] = [
  ["softmax", softmax, softmaxReference],
  ["logSoftmax", logSoftmax, logSoftmaxReference],
];

for (const [op, run, reference] of operations) {
  Deno.test(`${op}() matches double precision`, async () => {
    for (const shape of [[1, 1, 2], [5, 7], [3, 86, 3], [1, 1, 1]]) {
      await checkOp({
        op,
        inputs: { x: randomInput(3, shape, [-4, 4]) },
        run: ({ x }) => run(x),
        reference: ({ x }) => reference(x),
        tolerance: {
          forward: 3e-6,
          backward: 3e-6,
          reason: "exp: 3 + 2·abs(x) units in the last place with abs(x) ≤ 8",
        },
      });
    }
  });

  Deno.test(`${op}() neither overflows nor vanishes with logits of ±1000`, async () => {
    await checkOp({
      op,
      inputs: { x: { shape: [1, 3, 3], data: Float32Array.of(...largeLogits) } },
      run: ({ x }) => run(x),
      reference: ({ x }) => reference(x),
      tolerance: {
        forward: 1e-6,
        backward: 1e-6,
        reason: "differences of large logits are exact, most exp(x) are 0 or 1",
      },
    });
  });
}

const largeLogits = [1000, -1000, 0, -1000, -1000, -1001, 1000, 1000, 999];

pytorchTest<{ op: string }>("softmax()", "activations", async (example) => {
  if (example.settings.op === "relu") return;
  const x = example.floats("x", { requiresGrad: true });
  const y = softmax(x);
  backward(y, example.floats("gy"));
  await example.expect("softmax_y", y);
  await example.expect("softmax_gx", gradOf(x));
});

pytorchTest<{ op: string }>("logSoftmax()", "activations", async (example) => {
  if (example.settings.op === "relu") return;
  const x = example.floats("x", { requiresGrad: true });
  const y = logSoftmax(x);
  backward(y, example.floats("gy"));
  await example.expect("logsoftmax_y", y);
  await example.expect("logsoftmax_gx", gradOf(x));
});

Deno.test("softmax() and logSoftmax() reject integers", () => {
  using _scope = gpu.scope();
  const x = gpu.zeros([1, 2, 3], "i32");
  assertThrows(
    () => softmax(x),
    TypeError,
    "Cannot apply softmax: x is i32 but f32 is expected",
  );
  assertThrows(
    () => logSoftmax(x),
    TypeError,
    "Cannot apply logSoftmax: x is i32 but f32 is expected",
  );
});
