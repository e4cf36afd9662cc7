// Max pooling and global average pooling.

import { globalAvgPool2d, maxPool2d } from "../../src/ops/pool2d.ts";
import { backward, gradOf } from "../../src/tensor/autograd.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { checkOp, randomInput } from "../check_op.ts";
import { gpu, kernelTest } from "../gpu.ts";
import { pytorchTest } from "../pytorch.ts";
import { globalAvgPool2dReference, maxPool2dReference } from "../reference/pool2d.ts";

kernelTest("maxPool2d() matches double precision for every kernel size and stride", async () => {
  for (const kernelSize of [1, 2, 3]) {
    for (const stride of [1, 2, 3]) {
      for (const shape of [[2, 1, 2, 7, 5], [1, 2, 3, 3, 3], [1, 1, 1, 4, 9]]) {
        await checkOp({
          op: `maxPool2d kernelSize ${kernelSize} stride ${stride}`,
          inputs: { x: randomInput(stride, shape) },
          run: ({ x }) => maxPool2d(x, { kernelSize, stride }),
          reference: ({ x }) => maxPool2dReference(x, kernelSize, stride),
          tolerance: {
            forward: 0,
            backward: 2e-7,
            reason: "selects; up to nine upstream values are added",
          },
        });
      }
    }
  }
});

kernelTest("maxPool2d() takes its kernel size as stride by default", async () => {
  await checkOp({
    op: "maxPool2d kernelSize 2",
    inputs: { x: randomInput(4, [3, 2, 257, 4, 6]) },
    run: ({ x }) => maxPool2d(x, { kernelSize: 2 }),
    reference: ({ x }) => maxPool2dReference(x, 2, 2),
    tolerance: { forward: 0, backward: 1e-9, reason: "no window overlaps: nothing is rounded" },
  });
});

kernelTest("maxPool2d() gives the gradient of equal values to the first of them", async () => {
  using _scope = gpu.scope();
  const image = Float32Array.of(1, 1, 0, 5, 1, 1, 5, 5, -2, -3, 7, 7, -2, -2, 6, 7);
  const x = gpu.tensor(image, [1, 1, 1, 4, 4], { requiresGrad: true });
  const y = maxPool2d(x, { kernelSize: 2 });
  backward(y, gpu.tensor(Float32Array.of(10, 20, 30, 40), [1, 1, 1, 2, 2]));
  assertEquals([...await y.read()], [1, 5, -2, 7]);
  const gradient = [10, 0, 0, 20, 0, 0, 0, 0, 30, 0, 40, 0, 0, 0, 0, 0];
  assertEquals([...await gradOf(x).read()], gradient);
});

kernelTest("globalAvgPool2d() matches double precision", async () => {
  for (const shape of [[1, 1, 1, 1, 1], [3, 2, 5, 7, 3], [1, 2, 129, 4, 4], [2, 1, 1, 17, 16]]) {
    await checkOp({
      op: "globalAvgPool2d",
      inputs: { x: randomInput(5, shape) },
      run: ({ x }) => globalAvgPool2d(x),
      reference: ({ x }) => globalAvgPool2dReference(x),
      tolerance: {
        forward: 2e-6,
        backward: 2e-7,
        reason: "sums of up to 272 values in order; one division",
      },
    });
  }
});

pytorchTest("maxPool2d()", "maxpool2d", async (example) => {
  const x = example.floats("x", { requiresGrad: true });
  const y = maxPool2d(x, { kernelSize: 2, stride: 2 });
  backward(y, example.floats("gy"));
  await example.expect("y", y);
  await example.expect("gx", gradOf(x));
});

pytorchTest("globalAvgPool2d()", "avgpool", async (example) => {
  const x = example.floats("x", { requiresGrad: true });
  const y = globalAvgPool2d(x);
  backward(y, withoutPixels(example.floats("gy")));
  await example.expect("y", y);
  await example.expect("gx", gradOf(x));
});

/** PyTorch keeps height and width as axes of one. */
function withoutPixels(tensor: Tensor): Tensor {
  return tensor.view(tensor.shape.slice(0, 3));
}

Deno.test("maxPool2d() rejects images smaller than the window and other axes", () => {
  using _scope = gpu.scope();
  assertThrows(
    () => maxPool2d(gpu.zeros([1, 1, 1, 4, 2]), { kernelSize: 3 }),
    RangeError,
    "Cannot apply maxPool2d: kernelSize is 3 but x has shape [1, 1, 1, 4, 2]",
  );
  assertThrows(
    () => maxPool2d(gpu.zeros([1, 1, 4, 4]), { kernelSize: 2 }),
    TypeError,
    "Cannot apply maxPool2d: x has shape [1, 1, 4, 4] but 5 axes are expected",
  );
  assertThrows(
    () => maxPool2d(gpu.zeros([1, 1, 1, 4, 4]), { kernelSize: 2, stride: 0 }),
    RangeError,
    "Cannot apply maxPool2d: stride is 0 but a whole number of at least 1 is expected",
  );
});

Deno.test("globalAvgPool2d() rejects integers and other axes", () => {
  using _scope = gpu.scope();
  assertThrows(
    () => globalAvgPool2d(gpu.zeros([1, 1, 1, 2, 2], "i32")),
    TypeError,
    "Cannot apply globalAvgPool2d: x is i32 but f32 is expected",
  );
  assertThrows(
    () => globalAvgPool2d(gpu.zeros([1, 2, 2])),
    TypeError,
    "Cannot apply globalAvgPool2d: x has shape [1, 2, 2] but 5 axes are expected",
  );
});
