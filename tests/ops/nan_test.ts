// NaN goes through the rectifier and max pooling as in PyTorch, wherever it stands.

import { batchNorm } from "../../src/ops/batch_norm.ts";
import { maxPool2d } from "../../src/ops/pool2d.ts";
import { relu } from "../../src/ops/relu.ts";
import { backward, gradOf } from "../../src/tensor/autograd.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertEquals } from "../assert.ts";
import { gpu, kernelTest } from "../gpu.ts";

/** The output for these numbers, and the gradient of the input where that of the output counts 1, 2, 3 … */
async function throughGpu(run: (x: Tensor) => Tensor, numbers: readonly number[], shape: Shape) {
  using _scope = gpu.scope();
  const x = gpu.tensor(withBothNaNs(numbers), shape, { requiresGrad: true });
  const y = run(x);
  backward(y, gpu.tensor(Float32Array.from({ length: y.size }, (_, at) => at + 1), y.shape));
  return { output: [...await y.read()], gradient: [...await gradOf(x).read()] };
}

/** NaN at odd places is negative, as the quotient of two zeros is on many machines. */
function withBothNaNs(numbers: readonly number[]): Float32Array<ArrayBuffer> {
  const data = Float32Array.from(numbers);
  const bits = new Uint32Array(data.buffer);
  for (let at = 1; at < data.length; at += 2) if (Number.isNaN(data[at])) bits[at] = 0xffc00000;
  return data;
}

/** Batch normalization that changes nothing but for what follows it. */
function identity(x: Tensor, after: { activation?: "relu"; pool?: "max2x2" }): Tensor {
  const [S, , C] = x.shape;
  const full = (value: number) => gpu.tensor(new Float32Array(S * C).fill(value), [S, C]);
  const [weight, bias, runningMean, runningVar] = [1, 0, 0, 1 - 2 ** -10].map(full);
  return batchNorm(x, {
    ...{ weight, bias, runningMean, runningVar, training: false, eps: 2 ** -10 },
    ...after,
  });
}

kernelTest("NaN stays NaN in relu, and so does its gradient", async () => {
  const shapes: Shape[] = [[1, 1, 2, 4], [1, 1, 1, 8], [1, 8, 1, 1]]; // in fours, and one by one
  for (const shape of shapes) {
    for (const run of [relu, (x: Tensor) => identity(x, { activation: "relu" })]) {
      const numbers = [NaN, -1, 1, NaN, NaN, 2, 0, NaN];
      const { output, gradient } = await throughGpu((x) => run(x), numbers, shape);
      assertEquals(output, [NaN, 0, 1, NaN, NaN, 2, 0, NaN]);
      assertEquals(gradient, [1, 0, 3, 4, 5, 6, 0, 8]);
    }
  }
});

kernelTest("NaN is the largest of a window, the last of them", async () => {
  const poolings = {
    plain: (x: Tensor) => maxPool2d(x, { kernelSize: 2 }),
    fused: (x: Tensor) => identity(x, { pool: "max2x2" }),
  };
  for (const [name, run] of Object.entries(poolings)) {
    for (const [height, width] of [[2, 2], [4, 4], [2, 4], [3, 3]]) { // squares, pairs, neither
      for (const places of [[0], [1], [2], [3], [0, 2], [1, 2], [0, 1, 2, 3]]) {
        const numbers = Array.from({ length: height * width }, (_, at) => 10 - at);
        const pixels = [0, 1, width, width + 1]; // of the first window
        for (const place of places) numbers[pixels[place]] = NaN;
        const { output, gradient } = await throughGpu(run, numbers, [1, 1, 1, height, width]);
        const label = `${name} ${height}×${width}, NaN at ${places}`;
        assertEquals(output[0], NaN, label);
        assertEquals(output.slice(1).some(Number.isNaN), false, label);
        const winner = pixels[places.at(-1)!];
        assertEquals(
          pixels.map((pixel) => gradient[pixel]),
          pixels.map((pixel) => pixel === winner ? 1 : 0),
          label,
        );
      }
    }
  }
});
