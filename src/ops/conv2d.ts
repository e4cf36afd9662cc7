// Two-dimensional convolution.

import source from "../../kernels/naive_conv.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import { record } from "../tensor/autograd.ts";
import { linearWorkgroups } from "../tensor/elementwise.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
const file = kernelFile("naive_conv.wgsl", source);

export interface Conv2dOptions { bias?: Tensor; stride?: number; padding?: number }

export function conv2d(x: Tensor, weight: Tensor, options: Conv2dOptions = {}): Tensor {
  const { stride = 1, padding = 0 } = options;
  const [S, N, C, H, W] = x.shape, [, O, , kh, kw] = weight.shape;
  const oh = Math.floor((H + 2 * padding - kh) / stride) + 1, ow = Math.floor((W + 2 * padding - kw) / stride) + 1;
  const params = { models: S, rows: N, channels: C, height: H, width: W, outputs: O, oh, ow, kh, kw, stride, padding };
  const run = (entryPoint: string, buffers: Record<string, Tensor>, shape: readonly number[]) => {
    const output = emptyTensor(x.gpu, shape);
    x.gpu.dispatch({ file, entryPoint, params, buffers: { ...buffers, output }, workgroups: linearWorkgroups(output.size) });
    return output;
  };
  return record(run("forward", { x, weight }, [S, N, O, oh, ow]), [x, weight], (upstream) => [
    x.requiresGrad ? run("dinput", { upstream, weight }, x.shape) : null,
    run("dweight", { upstream, x }, weight.shape),
  ]);
}
