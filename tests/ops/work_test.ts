// The arithmetic that operations report for profiles: that of the direct algorithm.

import { batchNorm } from "../../src/ops/batch_norm.ts";
import { conv2d } from "../../src/ops/conv2d.ts";
import { fft } from "../../src/ops/fft.ts";
import { linear } from "../../src/ops/linear.ts";
import { matmul } from "../../src/ops/matmul.ts";
import { backward } from "../../src/tensor/autograd.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertEquals } from "../assert.ts";
import { gpu } from "../gpu.ts";

/** Zeros that require a gradient. */
function leaf(shape: Shape): Tensor {
  const tensor = gpu.zeros(shape);
  tensor.requiresGrad = true;
  return tensor;
}

/** What the kernels of an operation and its gradients count, without those that count nothing. */
function workOf(op: () => Tensor): number[] {
  using _scope = gpu.scope();
  using arena = gpu.arena();
  const { commands } = gpu.record(arena, () => backward(op()));
  return commands.flatMap((command) =>
    command.kind === "dispatch" && command.use.work !== null ? [command.use.work] : []
  );
}

Deno.test("conv2d counts its sum and both gradients alike, whatever the kernels", () => {
  // The second has no kernel of its own, the third fills up its rows.
  for (const [padding, size, side] of [[1, 8, 8], [0, 8, 6], [1, 7, 7]]) {
    const x = leaf([2, 3, 4, size, size]);
    const [weight, bias] = [leaf([2, 5, 4, 3, 3]), leaf([2, 5])];
    const each = 2 * 2 * 3 * 5 * side ** 2 * 4 * 9;
    assertEquals(workOf(() => conv2d(x, weight, { bias, padding })), [each, each, each]);
  }
});

Deno.test("linear and matmul count a multiplication and an addition per term", () => {
  const each = 2 * 2 * 3 * 4 * 5;
  const [x, weight, bias] = [leaf([2, 3, 4]), leaf([2, 5, 4]), leaf([2, 5])];
  assertEquals(workOf(() => linear(x, weight, { bias })), [each, each, each]);
  const right = leaf([2, 4, 5]);
  assertEquals(workOf(() => matmul(x, right)), [each, each, each]);
});

Deno.test("batchNorm counts its operations on every element", () => {
  const x = leaf([2, 3, 4, 5]);
  const [weight, bias, runningMean, runningVar] = [1, 2, 3, 4].map(() => leaf([2, 4]));
  const normalized = () => batchNorm(x, { weight, bias, runningMean, runningVar, training: true });
  assertEquals(workOf(normalized), [4, 3, 4, 5].map((operations) => operations * x.size));
});

Deno.test("fft counts 5 n log₂ n operations for each transform", () => {
  const x = leaf([3, 16, 2]);
  assertEquals(workOf(() => fft(x)), [3 * 5 * 16 * 4, 3 * 5 * 16 * 4]);
});
