// The sum of two tensors.

import { add } from "../../src/ops/add.ts";
import { assertThrows } from "../assert.ts";
import { checkOp, randomInput } from "../check_op.ts";
import { gpu } from "../gpu.ts";
import { addReference } from "../reference/elementwise.ts";

Deno.test("add() matches double precision, whatever the shape", async () => {
  for (const shape of [[1], [3, 4, 5], [2, 257]]) {
    await checkOp({
      op: "add",
      inputs: { left: randomInput(1, shape), right: randomInput(2, shape) },
      run: ({ left, right }) => add(left, right),
      reference: ({ left, right }) => addReference(left, right),
      tolerance: { forward: 6e-8, backward: 1e-9 }, // one rounding of half a unit; gradients are copied
    });
  }
});

Deno.test("add() covers more elements than one row of workgroups has", async () => {
  using _scope = gpu.scope();
  const length = 65535 * 64 + 65; // a second row, whose last workgroup is ragged
  const left = gpu.tensor(Float32Array.from({ length }, (_, i) => i % 1000));
  const right = gpu.tensor(Float32Array.from({ length }, (_, i) => i % 7));
  const sum = await add(left, right).read();
  const wrong = sum.findIndex((value, i) => value !== i % 1000 + i % 7);
  if (wrong >= 0) throw new RangeError(`Element ${wrong} is ${sum[wrong]}`);
});

Deno.test("add() rejects different shapes and integers", () => {
  using _scope = gpu.scope();
  assertThrows(
    () => add(gpu.zeros([2, 3]), gpu.zeros([3, 2])),
    TypeError,
    "Cannot apply add: right is f32 [3, 2] but f32 [2, 3] is expected",
  );
  assertThrows(
    () => add(gpu.zeros([2], "u32"), gpu.zeros([2], "u32")),
    TypeError,
    "Cannot apply add: left is u32 but f32 is expected",
  );
});
