// Sums along axes, as trees where they are long.

import source from "../../kernels/sum.wgsl" with { type: "text" };
import invocation from "../../kernels/shared/invocation.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import { elementwiseWorkgroupSize, linearWorkgroups } from "../gpu/workgroups.ts";
import { type Shape, sizeOf } from "./shape.ts";
import { emptyTensor, type Tensor } from "./tensor.ts";

const file = kernelFile("sum.wgsl", source, invocation);

/** Terms that one invocation adds up; longer sums take further passes. */
const termsPerPart = 128;

/** Sums over the axes marked in `summed`, which keep the size 1; a new tensor, or a view if none is marked. */
export function sumOver(x: Tensor, summed: readonly boolean[]): Tensor {
  const shape = x.shape.map((size, axis) => summed[axis] ? 1 : size);
  let result = x.view(x.shape);
  for (const { outer, length, inner } of runs(x.shape, summed)) {
    let rest = length;
    do {
      const parts = Math.ceil(rest / termsPerPart);
      const earlier = result;
      result = addUp(earlier, outer, rest, inner, parts);
      earlier.dispose();
      rest = parts;
    } while (rest > 1);
  }
  const output = result.view(shape);
  result.dispose();
  return output;
}

/** The sum over the first axis, which is left out, in the place of its terms. */
export function sumOfParts(parts: Tensor): Tensor {
  const [count, ...shape] = parts.shape;
  const sum = count === 1
    ? parts.view(parts.shape)
    : sumOver(parts, parts.shape.map((_, axis) => axis === 0));
  const result = sum.view(shape);
  parts.dispose();
  sum.dispose();
  return result;
}

function addUp(input: Tensor, outer: number, length: number, inner: number, parts: number): Tensor {
  const output = emptyTensor(input.gpu, [outer, parts, inner]);
  input.gpu.dispatch({
    file,
    entryPoint: "add_up",
    params: { outer, length, inner, parts },
    buffers: { input, output },
    workgroups: linearWorkgroups(output.size, elementwiseWorkgroupSize),
  });
  return output;
}

/** Neighbouring summed axes as one, innermost first, each with what lies outside it and what then is left inside. */
function runs(shape: Shape, summed: readonly boolean[]) {
  const found: { outer: number; length: number; inner: number }[] = [];
  let inner = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (!summed[axis]) {
      inner *= shape[axis];
      continue;
    }
    let length = shape[axis];
    while (summed[axis - 1]) length *= shape[--axis];
    found.push({ outer: sizeOf(shape.slice(0, axis)), length, inner });
  }
  return found;
}
