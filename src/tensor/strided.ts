// Copies of a tensor in another order of its axes, or repeated along some.

import source from "../../kernels/strided.wgsl" with { type: "text" };
import invocation from "../../kernels/shared/invocation.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import { elementwiseWorkgroupSize, linearWorkgroups } from "../gpu/workgroups.ts";
import type { Shape } from "./shape.ts";
import { emptyTensor, type Tensor } from "./tensor.ts";

const file = kernelFile("strided.wgsl", source, invocation);

/** Axes that the kernel knows, after those that can be walked as one have been merged. */
const maxAxes = 6;

/** An axis of the copy, and how far apart its neighbours lie in the original; 0 repeats. */
interface Axis {
  readonly size: number;
  readonly stride: number;
}

/**
 * A new tensor of this shape whose neighbours along an axis lie `strides[axis]` apart in `x`.
 *
 * @throws {TypeError} if more than six axes are left after merging
 */
export function stridedCopy(op: string, x: Tensor, shape: Shape, strides: readonly number[]) {
  const axes = merged(shape.map((size, axis) => ({ size, stride: strides[axis] })));
  if (axes.length > maxAxes) {
    throw new TypeError(
      `Cannot apply ${op}: it walks ${axes.length} axes in an order of their own ` +
        `but at most ${maxAxes} are supported`,
    );
  }
  const innermostFirst = axes.toReversed();
  const params: Record<string, number> = { count: 0 };
  for (let axis = 0; axis < maxAxes; axis++) {
    const { size, stride } = innermostFirst[axis] ?? { size: 1, stride: 0 };
    if (axis < maxAxes - 1) params[`size_${axis}`] = size;
    params[`stride_${axis}`] = stride;
  }
  const output = emptyTensor(x.gpu, shape, x.dtype);
  x.gpu.dispatch({
    file,
    entryPoint: "gather",
    constants: { axes: axes.length },
    params: { ...params, count: output.size },
    buffers: { input: x, output },
    workgroups: linearWorkgroups(output.size, elementwiseWorkgroupSize),
  });
  return output;
}

/** Joins neighbouring axes that are walked as one; at least one axis is left. */
function merged(axes: readonly Axis[]): Axis[] {
  const kept: Axis[] = [];
  for (const { size, stride } of axes) {
    const outer = kept.at(-1);
    if (size === 1) continue;
    if (outer && outer.stride === size * stride) {
      kept[kept.length - 1] = { size: outer.size * size, stride };
    } else kept.push({ size, stride });
  }
  return kept.length > 0 ? kept : [{ size: 1, stride: 0 }];
}
