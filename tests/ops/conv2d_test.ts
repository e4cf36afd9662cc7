// Two-dimensional convolution.

import { conv2d } from "../../src/ops/conv2d.ts";
import { backward, gradOf } from "../../src/tensor/autograd.ts";
import { assertThrows } from "../assert.ts";
import { checkOp, randomInput } from "../check_op.ts";
import { adapterKinds, gpu, kernelTest, withKernelsFor } from "../gpu.ts";
import { type PyTorchCase, pytorchTest } from "../pytorch.ts";
import { conv2dReference } from "../reference/conv2d.ts";

const tolerance = {
  forward: 1e-6,
  backward: 1e-6,
  reason: "sums of up to 1,200 products: half a unit each, 6e-8, mostly cancelling",
};

interface Geometry {
  /** S, N, C, H, W */
  readonly x: readonly number[];
  readonly outputs: number;
  /** height and width, or both */
  readonly kernel: number | readonly [number, number];
  readonly stride?: number;
  readonly padding?: number;
  readonly withBias?: boolean;
}

function checkConv2d(geometry: Geometry): Promise<void> {
  const { x, outputs, kernel, stride = 1, padding = 0, withBias = false } = geometry;
  const [height, width] = typeof kernel === "number" ? [kernel, kernel] : kernel;
  const inputs = {
    x: randomInput(1, x),
    weight: randomInput(2, [x[0], outputs, x[2], height, width]),
  };
  const op = `conv2d stride ${stride} padding ${padding}`;
  if (!withBias) {
    return checkOp({
      op,
      inputs,
      run: ({ x, weight }) => conv2d(x, weight, { stride, padding }),
      reference: ({ x, weight }) => conv2dReference(x, weight, { stride, padding }),
      tolerance,
    });
  }
  return checkOp({
    op,
    inputs: { ...inputs, bias: randomInput(3, [x[0], outputs]) },
    run: ({ x, weight, bias }) => conv2d(x, weight, { bias, stride, padding }),
    reference: ({ x, weight, bias }) => conv2dReference(x, weight, { bias, stride, padding }),
    tolerance,
  });
}

kernelTest(
  "conv2d() matches double precision for every kernel size, stride and padding",
  async () => {
    // Every two of the three meet; all three would be as many kernels again to compile, twice.
    for (const [row, kernel] of [1, 2, 3, 5].entries()) {
      for (const stride of [1, 2, 3]) {
        const padding = (row + stride) % 3;
        const withBias = kernel === 3 && padding > 0; // with it, kernels are compiled anew
        await checkConv2d({ x: [1, 2, 3, 7, 6], outputs: 7, kernel, stride, padding, withBias });
      }
    }
  },
);

kernelTest("conv2d() matches double precision for all kinds of channel counts", async () => {
  for (const C of [1, 3, 5]) {
    for (const outputs of [1, 7, 33]) {
      await checkConv2d({ x: [3, 1, C, 5, 3], outputs, kernel: 3, padding: 1, withBias: C === 3 });
    }
  }
});

kernelTest(
  "conv2d() matches double precision on sizes that tiles divide, and beside them",
  async () => {
    const common = { kernel: 3, padding: 1 };
    await checkConv2d({ ...common, x: [2, 1, 8, 8, 8], outputs: 16 });
    await checkConv2d({ ...common, x: [1, 2, 12, 5, 17], outputs: 20, withBias: true });
    await checkConv2d({ ...common, x: [1, 1, 16, 16, 4], outputs: 8 });
    await checkConv2d({ ...common, x: [2, 3, 2, 16, 15], outputs: 3 }); // sums in several parts
  },
);

kernelTest("conv2d() matches double precision on quads of pixels", async () => {
  const common = { kernel: 3, padding: 1 };
  await checkConv2d({ ...common, x: [2, 1, 9, 2, 8], outputs: 70, withBias: true });
  await checkConv2d({ ...common, x: [2, 5, 9, 4, 4], outputs: 21 });
  await checkConv2d({ ...common, x: [1, 4, 1, 16, 16], outputs: 66 }); // blocks and columns are divided
  await checkConv2d({ ...common, x: [1, 3, 5, 1, 12], outputs: 9, withBias: true });
  await checkConv2d({ ...common, x: [2, 5, 11, 2, 2], outputs: 21, withBias: true });
  await checkConv2d({ ...common, x: [1, 2, 30, 3, 4], outputs: 62 }); // so many blocks that one sum will do
  await checkConv2d({ ...common, x: [1, 2, 30, 2, 2], outputs: 62 });
});

kernelTest("conv2d() matches double precision on single pixels and single rows", async () => {
  const common = { kernel: 3, padding: 1 };
  await checkConv2d({ ...common, x: [2, 5, 4, 1, 1], outputs: 6 });
  await checkConv2d({ ...common, x: [1, 1, 2, 1, 11], outputs: 9, withBias: true });
  await checkConv2d({ ...common, x: [1, 2, 3, 2, 2], outputs: 8 });
});

kernelTest("conv2d() matches double precision with kernels that are not square", async () => {
  const x = [2, 2, 3, 6, 7];
  await checkConv2d({ x, outputs: 5, kernel: [2, 3], withBias: true });
  await checkConv2d({ x, outputs: 5, kernel: [3, 1], stride: 2, padding: 1 });
  await checkConv2d({ x, outputs: 5, kernel: [1, 5], stride: 2, padding: 2 });
});

interface ConvSettings {
  readonly stride: number;
  readonly padding: number;
  readonly bias: boolean;
}

pytorchTest<ConvSettings>("conv2d()", "conv2d", async (example) => {
  for (const kind of adapterKinds) await withKernelsFor(kind, () => expectConv2d(example));
});

async function expectConv2d(example: PyTorchCase<ConvSettings>): Promise<void> {
  const { stride, padding } = example.settings;
  const requiresGrad = true;
  const x = example.floats("x", { requiresGrad });
  const weight = example.floats("w", { requiresGrad });
  const bias = example.settings.bias ? example.floats("b", { requiresGrad }) : undefined;
  const y = conv2d(x, weight, { bias, stride, padding });
  backward(y, example.floats("gy"));
  await example.expect("y", y);
  await example.expect("gx", gradOf(x));
  await example.expect("gw", gradOf(weight));
  if (bias) await example.expect("gb", gradOf(bias));
}

Deno.test("conv2d() rejects shapes that do not fit together, naming them", () => {
  using _scope = gpu.scope();
  const x = gpu.zeros([2, 1, 3, 5, 5]);
  const rejected = (weight: number[], message: string) =>
    assertThrows(() => conv2d(x, gpu.zeros(weight)), TypeError, message);
  rejected([2, 4, 4, 3, 3], "[2, 4, 4, 3, 3]");
  rejected([1, 4, 3, 3, 3], "[1, 4, 3, 3, 3]");
  rejected([4, 3, 3, 3], "5 axes are expected");
  assertThrows(
    () => conv2d(gpu.zeros([1, 3, 5, 5]), gpu.zeros([1, 4, 3, 3, 3])),
    TypeError,
    "Cannot apply conv2d: x has shape [1, 3, 5, 5] but 5 axes are expected",
  );
  assertThrows(
    () => conv2d(x, gpu.zeros([2, 4, 3, 3, 3]), { bias: gpu.zeros([4]) }),
    TypeError,
    "Cannot apply conv2d: bias is f32 [4] but f32 [2, 4] is expected",
  );
});

Deno.test("conv2d() rejects windows larger than the image, strides below one and halves", () => {
  using _scope = gpu.scope();
  const x = gpu.zeros([1, 1, 3, 2, 5]);
  const weight = gpu.zeros([1, 4, 3, 3, 3]);
  assertThrows(() => conv2d(x, weight), RangeError, "Cannot apply conv2d");
  for (const options of [{ stride: 0 }, { padding: -1 }, { stride: 1.5 }]) {
    assertThrows(() => conv2d(x, weight, { padding: 1, ...options }), RangeError);
  }
});
