// Operations on each element by itself, without the tape, which needs some of them itself.

import source from "../../kernels/elementwise.wgsl" with { type: "text" };
import invocation from "../../kernels/shared/invocation.wgsl" with { type: "text" };
import nan from "../../kernels/shared/nan.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import type { GpuRuntime } from "../gpu/runtime.ts";
import { elementwiseWorkgroupSize, linearWorkgroups } from "../gpu/workgroups.ts";
import type { Shape } from "./shape.ts";
import { emptyTensor, type Tensor } from "./tensor.ts";

const file = kernelFile("elementwise.wgsl", source, invocation, nan);

/**
 * A new tensor of an entry point of `elementwise.wgsl` applied to each element of tensors of one shape.
 *
 * @param value of entry points that take a number
 */
export function elementwise(
  entryPoint: string,
  inputs: { left: Tensor; right?: Tensor },
  value = 0,
): Tensor {
  const { gpu, shape } = inputs.left;
  const output = emptyTensor(gpu, shape);
  run(entryPoint, inputs, output, value);
  return output;
}

/** Adds `left` to `output`, in place. */
export function accumulate(left: Tensor, output: Tensor): void {
  run("accumulate", { left }, output, 0, 3 * output.byteLength); // the output is read and written
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
    workgroups: linearWorkgroups(tensor.size, elementwiseWorkgroupSize),
  });
  return tensor;
}

function run(
  entryPoint: string,
  inputs: { left: Tensor; right?: Tensor },
  output: Tensor,
  value: number,
  bytes?: number,
): void {
  output.gpu.dispatch({
    file,
    entryPoint,
    params: { count: output.size, value },
    buffers: { ...inputs, output },
    workgroups: linearWorkgroups(output.size, elementwiseWorkgroupSize),
    bytes,
  });
}
