// The public gradient check: it passes right gradients, and catches wrong ones.

import { mul } from "../../src/ops/arithmetic.ts";
import { exp } from "../../src/ops/exponential.ts";
import { relu } from "../../src/ops/relu.ts";
import { softmax } from "../../src/ops/softmax.ts";
import { record } from "../../src/tensor/autograd.ts";
import { elementwise } from "../../src/tensor/elementwise.ts";
import { checkGradients, type DoubleArray } from "../../src/tensor/gradient_check.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { randomInput } from "../check_op.ts";
import { gpu } from "../gpu.ts";
import { mapReference, mulReference } from "../reference/elementwise.ts";
import { softmaxReference } from "../reference/softmax.ts";

function leaf(seed: number, shape: readonly number[]): Tensor {
  return gpu.tensor(randomInput(seed, shape).data, shape, { requiresGrad: true });
}

/** exp, but for what its backward pass returns. */
function wrongExp(wrong: (x: Tensor, upstream: Tensor, output: Tensor) => Tensor) {
  return (x: Tensor) => {
    const output = elementwise("exponential", { left: x });
    return record(output, [x], (upstream) => [wrong(x, upstream, output)]);
  };
}

const expReference = (x: DoubleArray) => mapReference(x, Math.exp);

Deno.test("checkGradients() passes right gradients, with and without a reference", async () => {
  const live = gpu.live;
  {
    using _scope = gpu.scope();
    const [left, right] = [leaf(1, [3, 5]), leaf(2, [5])];
    const exact = await checkGradients(mul, [left, right], { reference: mulReference });
    assertEquals([exact.passed, exact.oracle, exact.tolerance], [true, "reference", 1e-5]);
    assertEquals(exact.inputs.map(({ input, passed }) => [input, passed]), [[0, true], [1, true]]);
    assert(exact.inputs.every(({ error }) => error < 1e-6));
    const coarse = await checkGradients(mul, [left, right]);
    assertEquals([coarse.passed, coarse.oracle, coarse.tolerance], [true, "operation", 2e-2]);
    assertEquals([left.gradient, right.gradient], [null, null]);
    const vanishing = await checkGradients(softmax, [leaf(3, [2, 7])], {
      reference: softmaxReference,
    });
    assert(vanishing.passed, vanishing.message);
  }
  assertEquals(gpu.live, live);
});

Deno.test("checkGradients() checks only what requires a gradient", async () => {
  using _scope = gpu.scope();
  const constant = gpu.tensor(Float32Array.of(2, 3));
  const { inputs } = await checkGradients(mul, [constant, leaf(1, [2])], {
    reference: mulReference,
  });
  assertEquals(inputs.map(({ input }) => input), [1]);
});

const mistakes: Readonly<Record<string, ReturnType<typeof wrongExp>>> = {
  "a wrong sign": wrongExp((_, upstream, output) =>
    elementwise("scale", { left: elementwise("multiply", { left: upstream, right: output }) }, -1)
  ),
  "zeros": wrongExp((_, upstream) => elementwise("scale", { left: upstream }, 0)),
  "a missing factor": wrongExp((_, upstream) => upstream.view(upstream.shape)),
  "the input for the output": wrongExp((x, upstream) =>
    elementwise("multiply", { left: upstream, right: x })
  ),
  "no number": wrongExp((x, upstream) =>
    elementwise("logarithm", {
      left: elementwise("subtract", { left: elementwise("relu", { left: x }), right: upstream }),
    })
  ),
};

for (const [name, op] of Object.entries(mistakes)) {
  Deno.test(`checkGradients() catches ${name}, with and without a reference`, async () => {
    using _scope = gpu.scope();
    const x = leaf(4, [2, 9]);
    assertEquals((await checkGradients(op, [x], { reference: expReference })).passed, false);
    assertEquals((await checkGradients(op, [x])).passed, false);
  });
}

Deno.test("checkGradients() says where the worst element is", async () => {
  using _scope = gpu.scope();
  const x = gpu.tensor(Float32Array.of(0.5, -0.5, 0.25, 1), [2, 2], { requiresGrad: true });
  const { inputs: [worst], message, passed } = await checkGradients(relu, [x], {
    reference: (x) => mapReference(x, (value) => value < 0.9 ? Math.max(value, 0) : 3 * value),
  });
  assertEquals([passed, worst.index], [false, [1, 1]]);
  assert(Math.abs(worst.expected / worst.actual - 3) < 1e-6);
  assertStringIncludes(
    message,
    `Gradient of input 0 at [1, 1] is ${worst.actual} but the difference`,
  );
});

Deno.test("checkGradients() rejects constants and references of another shape", async () => {
  using _scope = gpu.scope();
  await assertRejects(
    () => checkGradients(exp, [gpu.zeros([2])]),
    TypeError,
    "Cannot check gradients: no input requires a gradient",
  );
  await assertRejects(
    () =>
      checkGradients(exp, [leaf(1, [2, 3])], {
        reference: ({ data }) => ({ shape: [6], data }),
      }),
    TypeError,
    "Cannot check gradients: the output has shape [2, 3] but the reference's has [6]",
  );
});
