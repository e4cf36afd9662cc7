// Parts of a stack.

import { everyModel } from "../../src/ops/stack.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { checkOp, randomInput } from "../check_op.ts";
import { gpu } from "../gpu.ts";
import type { Values } from "../reference/values.ts";

function everyModelReference({ shape, data }: Values, first: number, step: number): Values {
  const size = data.length / shape[0];
  const picked = [...data.keys()].filter((at) => {
    const model = Math.floor(at / size);
    return model >= first && (model - first) % step === 0;
  });
  return {
    shape: [picked.length / size, ...shape.slice(1)],
    data: Float64Array.from(picked, (at) => data[at]),
  };
}

Deno.test("everyModel() picks models, and puts their gradients back among zeros", async () => {
  for (const [models, first, step] of [[1, 0, 1], [4, 0, 2], [4, 1, 2], [7, 2, 3], [3, 2, 5]]) {
    await checkOp({
      op: `everyModel first ${first} step ${step}`,
      inputs: { x: randomInput(6, [models, 3, 43]) },
      run: ({ x }) => everyModel(x, first, step),
      reference: ({ x }) => everyModelReference(x, first, step),
      tolerance: {
        forward: 0,
        backward: 1e-9,
        reason: "copies; the differences are off by that much",
      },
      stacked: false, // it mixes models by design
    });
  }
});

Deno.test("everyModel() copies integers bit for bit", async () => {
  using _scope = gpu.scope();
  const x = gpu.tensor(Int32Array.of(1, -1, 2, -(2 ** 31)), [4, 1]);
  const picked = everyModel(x, 1, 2);
  assertEquals(picked.dtype, "i32");
  assertEquals([...await picked.read()], [-1, -(2 ** 31)]);
});

Deno.test("everyModel() rejects models that do not exist, steps below one and bytes", () => {
  using _scope = gpu.scope();
  const x = gpu.zeros([2, 3]);
  assertThrows(() => everyModel(x, 2, 1), RangeError, "Cannot apply everyModel");
  assertThrows(() => everyModel(x, -1, 1), RangeError, "first is -1");
  assertThrows(() => everyModel(x, 0, 0), RangeError, "step is 0");
  assertThrows(
    () => everyModel(gpu.zeros([2, 4], "u8"), 0, 1),
    TypeError,
    "Cannot apply everyModel: x is u8 but 32 bits are expected",
  );
});
