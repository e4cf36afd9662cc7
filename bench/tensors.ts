// Inputs of benches, and what is made of them to check results.

import { RandomStream } from "../src/random.ts";
import { type Shape, sizeOf } from "../src/tensor/shape.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { assert } from "../tests/assert.ts";
import { relativeError } from "../tests/close.ts";
import type { Values } from "../tests/reference/values.ts";
import { gpu } from "./throughput.ts";

/** Numbers in [−0.5, 0.5), the same for the same shape. */
export function randomTensor(shape: Shape, requiresGrad = false): Tensor {
  const random = new RandomStream(sizeOf(shape));
  const data = Float32Array.from({ length: sizeOf(shape) }, () => random.uniform() - 0.5);
  return gpu.tensor(data, shape, { requiresGrad });
}

/** Random classes, i32. */
export function randomLabels(shape: Shape, classes: number): Tensor {
  const random = new RandomStream(sizeOf(shape));
  return gpu.tensor(
    Int32Array.from({ length: sizeOf(shape) }, () => random.integer(classes)),
    shape,
  );
}

/** As zeroGrad() of an optimizer: the next gradient is written instead of added. */
export function zeroGradients(...leaves: readonly Tensor[]): void {
  for (const leaf of leaves) leaf.gradientState = { zeroedIn: gpu.stream };
}

/** What the reference loops take. */
export async function valuesOf(tensor: Tensor): Promise<Values> {
  return { shape: tensor.shape, data: Float64Array.from(await tensor.read()) };
}

/** A wrong kernel has no speed. */
export async function check(
  what: string,
  actual: Tensor,
  expected: ArrayLike<number>,
  tolerance = 1e-6,
): Promise<void> {
  const error = relativeError(await actual.read(), expected);
  assert(error < tolerance, `${what} is wrong: relative error ${error}`);
}
