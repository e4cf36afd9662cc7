// The exponential function and the logarithm.

import { exp, log } from "../../src/ops/exponential.ts";
import { assertThrows } from "../assert.ts";
import { checkOp, randomInput } from "../check_op.ts";
import { gpu } from "../gpu.ts";
import { mapReference } from "../reference/elementwise.ts";

const shapes = [[1], [3, 257], [2, 3, 5]];

Deno.test("exp() matches double precision", async () => {
  for (const shape of shapes) {
    await checkOp({
      op: "exp",
      inputs: { x: randomInput(4, shape, [-4, 4]) },
      run: ({ x }) => exp(x),
      reference: ({ x }) => mapReference(x, Math.exp),
      tolerance: {
        forward: 7e-7,
        backward: 7e-7,
        reason: "WGSL grants 3 + 2·abs(x) units in the last place, here 11",
      },
    });
  }
});

Deno.test("log() matches double precision", async () => {
  for (const shape of shapes) {
    await checkOp({
      op: "log",
      inputs: { x: randomInput(5, shape, [0.05, 6]) },
      run: ({ x }) => log(x),
      reference: ({ x }) => mapReference(x, Math.log),
      tolerance: {
        forward: 5e-7,
        backward: 4e-7,
        reason: "WGSL grants 2⁻²¹ near 1, and 2.5 units in the last place for the division",
      },
    });
  }
});

Deno.test("exp() and log() reject integers", () => {
  using _scope = gpu.scope();
  for (const [name, op] of Object.entries({ exp, log })) {
    assertThrows(
      () => op(gpu.zeros([2], "i32")),
      TypeError,
      `Cannot apply ${name}: x is i32 but f32 is expected`,
    );
  }
});
