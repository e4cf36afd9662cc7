// An op of one's own, from outside the engine: the exponential linear unit.

import {
  emptyTensor,
  kernelFile,
  linearWorkgroups,
  record,
  sharedWgsl,
  type Tensor,
} from "@prr-fl/webgpu";
import source from "./elu.wgsl" with { type: "text" };

const file = kernelFile("elu.wgsl", source, sharedWgsl.invocation);

/**
 * x where x > 0, else α · (exp(x) − 1), elementwise, as `torch.nn.functional.elu`.
 *
 * @param x any shape, f32
 * @param options `alpha`: α, default 1
 * @throws {TypeError} for integers, {RangeError} unless α is a finite number
 */
export function elu(x: Tensor, options: { alpha?: number } = {}): Tensor {
  const { alpha = 1 } = options;
  if (x.dtype !== "f32") {
    throw new TypeError(`Cannot apply elu: x is ${x.dtype} but f32 is expected`);
  }
  if (!Number.isFinite(alpha)) {
    throw new RangeError(`Cannot apply elu: alpha is ${alpha} but a finite number is expected`);
  }
  const run = (entryPoint: string, buffers: Record<string, Tensor>): Tensor => {
    const output = emptyTensor(x.gpu, x.shape);
    x.gpu.dispatch({
      file,
      entryPoint,
      params: { count: x.size, alpha },
      buffers: { ...buffers, output },
      workgroups: linearWorkgroups(x.size),
    });
    return output;
  };
  return record(run("forward", { x }), [x], (upstream) => [run("backward", { x, upstream })]);
}
