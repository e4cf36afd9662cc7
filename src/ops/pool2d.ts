// Max pooling and global average pooling.

import source from "../../kernels/pool2d.wgsl" with { type: "text" };
import invocation from "../../kernels/shared/invocation.wgsl" with { type: "text" };
import nan from "../../kernels/shared/nan.wgsl" with { type: "text" };
import quotient from "../../kernels/shared/quotient.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import type { GpuRuntime } from "../gpu/runtime.ts";
import { linearWorkgroups } from "../gpu/workgroups.ts";
import { record } from "../tensor/autograd.ts";
import { showShape } from "../tensor/shape.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import {
  expectAxes,
  expectFloats,
  expectNoMore,
  expectOptions,
  expectWhole,
} from "../tensor/checks.ts";

const file = kernelFile("pool2d.wgsl", source, invocation, quotient, nan);
const tile = 8;

/**
 * The largest value of each window, as `torch.nn.functional.max_pool2d` without padding: rows and columns
 * that fill no window are dropped, and the first of equal values receives the gradient. NaN counts as the largest
 * value; of several the last one receives the gradient.
 *
 * @param x `[S, N, C, H, W]`
 * @param options `kernelSize` in pixels, `stride` by default the same
 * @returns `[S, N, C, ⌊(H − kernelSize) / stride⌋ + 1, …]`
 * @throws {TypeError} unless x has five axes, {RangeError} if no window fits
 */
export function maxPool2d(
  x: Tensor,
  options: { kernelSize: number; stride?: number },
): Tensor {
  expectOptions("maxPool2d", options, ["kernelSize", "stride"], ["kernelSize"]);
  const { kernelSize, stride = kernelSize } = options;
  const [S, N, C, H, W] = imageShape("maxPool2d", x);
  expectWhole("maxPool2d", { kernelSize, stride }, 1);
  if (Math.min(H, W) < kernelSize) {
    throw new RangeError(
      `Cannot apply maxPool2d: kernelSize is ${kernelSize} but x has shape ${showShape(x.shape)}`,
    );
  }
  const outHeight = Math.floor((H - kernelSize) / stride) + 1;
  const outWidth = Math.floor((W - kernelSize) / stride) + 1;
  const pooled = [S, N, C, outHeight, outWidth];
  const params = {
    planes: S * N * C,
    height: H,
    width: W,
    out_height: outHeight,
    out_width: outWidth,
    kernel_size: kernelSize,
    stride,
  };
  const output = emptyTensor(x.gpu, pooled);
  const winner = emptyTensor(x.gpu, pooled, "u32");
  x.gpu.dispatch({
    file,
    entryPoint: "max_pool",
    params,
    buffers: { x, output, chosen: winner },
    workgroups: imageWorkgroups(x.gpu, params.planes, outHeight, outWidth),
  });
  return record(output, [x], (upstream) => {
    const gradient = emptyTensor(x.gpu, x.shape);
    x.gpu.dispatch({
      file,
      entryPoint: "max_pool_gradient",
      constants: { overlapping: Number(stride < kernelSize) },
      params,
      buffers: { winner, upstream, output: gradient },
      workgroups: imageWorkgroups(x.gpu, params.planes, H, W),
    });
    return [gradient];
  });
}

/**
 * The mean of each image.
 *
 * @param x `[S, N, C, H, W]`
 * @returns `[S, N, C]`
 * @throws {TypeError} unless x has five axes
 */
export function globalAvgPool2d(x: Tensor): Tensor {
  expectNoMore("globalAvgPool2d", arguments, 1);
  const [S, N, C, height, width] = imageShape("globalAvgPool2d", x);
  const planes = S * N * C;
  const params = { planes, height, width, out_height: 1, out_width: 1, kernel_size: 1, stride: 1 };
  const output = emptyTensor(x.gpu, [S, N, C]);
  x.gpu.dispatch({
    file,
    entryPoint: "global_average",
    params,
    buffers: { x, output },
    workgroups: linearWorkgroups(planes),
  });
  return record(output, [x], (upstream) => {
    const gradient = emptyTensor(x.gpu, x.shape);
    x.gpu.dispatch({
      file,
      entryPoint: "global_average_gradient",
      params,
      buffers: { upstream, output: gradient },
      workgroups: imageWorkgroups(x.gpu, planes, height, width),
    });
    return [gradient];
  });
}

function imageShape(op: string, x: Tensor): readonly number[] {
  expectAxes(op, "x", x, 5);
  expectFloats(op, "x", x);
  return x.shape;
}

/** A software adapter pays for each workgroup; there, one walks over several planes. */
function imageWorkgroups(
  gpu: GpuRuntime,
  planes: number,
  height: number,
  width: number,
): [number, number, number] {
  const most = gpu.adapter.kind === "cpu"
    ? 32
    : gpu.adapter.limits.maxComputeWorkgroupsPerDimension;
  return [Math.ceil(width / tile), Math.ceil(height / tile), Math.min(planes, most)];
}
