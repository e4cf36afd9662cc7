// The rectifier.

import { relu } from "../../src/ops/relu.ts";
import { backward, gradOf } from "../../src/tensor/autograd.ts";
import { assertThrows } from "../assert.ts";
import { checkOp, randomInput } from "../check_op.ts";
import { gpu } from "../gpu.ts";
import { pytorchTest } from "../pytorch.ts";
import { mapReference } from "../reference/elementwise.ts";

Deno.test("relu() matches double precision, whatever the shape", async () => {
  for (const shape of [[1], [1, 2, 3, 5, 7], [3, 257]]) {
    await checkOp({
      op: "relu",
      inputs: { x: randomInput(shape.length, shape) },
      run: ({ x }) => relu(x),
      reference: ({ x }) => mapReference(x, (value) => Math.max(value, 0)),
      tolerance: { forward: 0, backward: 1e-9, reason: "it copies or drops: nothing is rounded" },
    });
  }
});

pytorchTest<{ op: string }>("relu()", "activations", async (example) => {
  if (example.settings.op !== "relu") return;
  const x = example.floats("x", { requiresGrad: true });
  const y = relu(x);
  backward(y, example.floats("gy"));
  await example.expect("relu_y", y);
  await example.expect("relu_gx", gradOf(x));
});

Deno.test("relu() rejects integers", () => {
  using _scope = gpu.scope();
  assertThrows(
    () => relu(gpu.tensor(Int32Array.of(-1, 1))),
    TypeError,
    "Cannot apply relu: x is i32 but f32 is expected",
  );
});
