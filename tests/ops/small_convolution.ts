// A convolution small enough to be run with every kernel and every tiling.

import { conv2d } from "../../src/ops/conv2d.ts";
import type { ConvSizes } from "../../src/ops/conv2d_plan.ts";
import { backward, gradOf } from "../../src/tensor/autograd.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { randomInput } from "../check_op.ts";
import { gpu } from "../gpu.ts";

/** A convolution for which there are all kernels; its images' rows are quads of pixels. */
export const sizes: ConvSizes = {
  ...{ stack: 2, batch: 3, in_channels: 5, in_height: 9, in_width: 12 },
  ...{ out_channels: 35, out_height: 9, out_width: 12 },
  ...{ kernel_height: 3, kernel_width: 3, stride: 1, padding: 1 },
};
export const back: ConvSizes = { ...sizes, in_channels: 35, out_channels: 5 };

const inputs = [
  randomInput(3, [2, 3, 5, 9, 12]),
  randomInput(4, [2, 35, 5, 3, 3]),
  randomInput(5, [2, 3, 35, 9, 12]),
];

/** The output and the gradients of images and weights. */
export async function convolved(): Promise<Float32Array[]> {
  using _scope = gpu.scope();
  const [x, weight] = inputs.map(({ data, shape }) =>
    gpu.tensor(data, shape, { requiresGrad: true })
  );
  const y = conv2d(x, weight, { padding: 1 });
  backward(y, gpu.tensor(inputs[2].data, inputs[2].shape));
  const read = async (tensor: Tensor) => await tensor.read() as Float32Array;
  return [await read(y), await read(gradOf(x)), await read(gradOf(weight))];
}
