// The op of docs/adding-an-op.md, tested as one outside this project would be: with the public names alone.

import { checkGradients } from "@prr-fl/webgpu";
import { elu } from "../../examples/elu.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { gpu } from "../gpu.ts";

/** In double precision, from the definition. */
const reference = (alpha: number) => (x: number) => x > 0 ? x : alpha * Math.expm1(x);

Deno.test("elu() and its gradient match double precision, whatever the shape", async () => {
  for (const [shape, alpha] of [[[1], 1], [[1, 2, 3, 5, 7], 0.3], [[3, 257], 2]] as const) {
    using _scope = gpu.scope();
    const size = shape.reduce<number>((product, length) => product * length, 1);
    const values = Float32Array.from({ length: size }, (_, i) => 3 * Math.sin(7 * i + 1));
    const x = gpu.tensor(values, shape, { requiresGrad: true });
    const y = await elu(x, { alpha }).read();
    assert(values.every((value, i) => Math.abs(y[i] - reference(alpha)(value)) < 1e-6));

    const { passed, message } = await checkGradients((x) => elu(x, { alpha }), [x], {
      reference: ({ shape, data }) => ({ shape, data: data.map(reference(alpha)) }),
    });
    assert(passed, message);
  }
});

Deno.test("elu() rejects integers, and an alpha that is no number", () => {
  using _scope = gpu.scope();
  const integers = gpu.tensor(Int32Array.of(-1, 1));
  const x = gpu.zeros([2]);
  assertThrows(() => elu(integers), TypeError, "Cannot apply elu: x is i32 but f32 is expected");
  assertThrows(() => elu(x, { alpha: NaN }), RangeError, "alpha is NaN but a finite number");
  assertEquals(elu(x).requiresGrad, false);
});
