// Rows of another length: what kernels take that want whole vectors.

import source from "../../kernels/rows.wgsl" with { type: "text" };
import invocation from "../../kernels/shared/invocation.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import { elementwiseWorkgroupSize, linearWorkgroups } from "../gpu/workgroups.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";

const file = kernelFile("rows.wgsl", source, invocation);

/** A copy `[…, width]` of a tensor, with zeros behind shorter rows and without the end of longer ones. */
export function resizedRows(x: Tensor, width: number): Tensor {
  const output = emptyTensor(x.gpu, [...x.shape.slice(0, -1), width]);
  x.gpu.dispatch({
    file,
    entryPoint: "resize",
    params: { count: output.size, input_width: x.shape.at(-1)!, output_width: width },
    buffers: { input: x, output },
    workgroups: linearWorkgroups(output.size, elementwiseWorkgroupSize),
  });
  return output;
}
