// Elementwise kernels that the tape itself needs, and the run of any elementwise entry point.

import source from "../../kernels/elementwise.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import type { GpuRuntime } from "../gpu/runtime.ts";
import type { Shape } from "./shape.ts";
import { emptyTensor, type Tensor } from "./tensor.ts";

const file = kernelFile("elementwise.wgsl", source);
const workgroupSize = 64;

/** Workgroups for `count` invocations of a kernel that continues in y what does not fit in x. */
export function linearWorkgroups(count: number, size = workgroupSize): [number, number] {
  const groups = Math.ceil(count / size);
  const rows = Math.ceil(groups / 65535);
  return [Math.ceil(groups / rows), rows];
}

/** Runs an entry point of `elementwise.wgsl` on all elements of `output`. */
export function runElementwise(
  entryPoint: string,
  inputs: { left?: Tensor; right?: Tensor },
  output: Tensor,
): Tensor {
  output.gpu.dispatch({
    file,
    entryPoint,
    params: { count: output.size, value: 0 },
    buffers: { ...inputs, output },
    workgroups: linearWorkgroups(output.size),
  });
  return output;
}

/** A new tensor whose elements are all `value`; f32, or u32 for whole numbers below 2²⁴. */
export function fullTensor(
  gpu: GpuRuntime,
  shape: Shape,
  value: number,
  dtype: "f32" | "u32" = "f32",
): Tensor {
  const tensor = emptyTensor(gpu, shape, dtype);
  const integers = dtype === "u32";
  gpu.dispatch({
    file,
    entryPoint: integers ? "fill_integers" : "fill",
    params: { count: tensor.size, value },
    buffers: integers ? { integers: tensor } : { output: tensor },
    workgroups: linearWorkgroups(tensor.size),
  });
  return tensor;
}

/** left + right, of the same shape. */
export function sumOf(left: Tensor, right: Tensor): Tensor {
  return runElementwise("add", { left, right }, emptyTensor(left.gpu, left.shape));
}

/** Adds `left` to `output`, in place. */
export function accumulate(left: Tensor, output: Tensor): void {
  runElementwise("accumulate", { left }, output);
}
