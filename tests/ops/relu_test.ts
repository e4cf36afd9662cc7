// The rectifier.

import { relu } from "../../src/ops/relu.ts";
import { checkOp, randomInput } from "../check_op.ts";
import { reluReference } from "../reference/elementwise.ts";

Deno.test("relu() matches double precision, whatever the shape", async () => {
  for (const shape of [[1], [1, 2, 3, 5, 7], [3, 257]]) {
    await checkOp({
      op: "relu",
      inputs: { x: randomInput(shape.length, shape) },
      run: ({ x }) => relu(x),
      reference: ({ x }) => reluReference(x),
      tolerance: { forward: 0, backward: 1e-7 }, // selects; the differences alone are inexact
    });
  }
});
