// Parts of a stack: every model of one role.

import source from "../../kernels/stack.wgsl" with { type: "text" };
import invocation from "../../kernels/shared/invocation.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import { linearWorkgroups } from "../gpu/workgroups.ts";
import { record } from "../tensor/autograd.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import { expectNoMore, expectTensor, expectWhole } from "../tensor/checks.ts";

const file = kernelFile("stack.wgsl", source, invocation);

/**
 * The models `first`, `first + step`, … of a stack, as `x[first::step]` in PyTorch.
 *
 * @param x `[S, …]`, of any 32-bit type
 * @returns `[⌈(S − first) / step⌉, …]`
 * @throws {RangeError} unless 0 ≤ first < S and step ≥ 1
 */
export function everyModel(x: Tensor, first: number, step: number): Tensor {
  expectNoMore("everyModel", arguments, 3);
  expectTensor("everyModel", "x", x);
  const [models, ...rest] = x.shape;
  if (x.dtype === "u8") {
    throw new TypeError("Cannot apply everyModel: x is u8 but 32 bits are expected");
  }
  expectWhole("everyModel", { first }, 0);
  expectWhole("everyModel", { step }, 1);
  if (first >= models) {
    throw new RangeError(`Cannot apply everyModel: first is ${first} but x has ${models} models`);
  }
  const block = x.size / models;
  const run = (entryPoint: string, input: Tensor, output: Tensor) => {
    x.gpu.dispatch({
      file,
      entryPoint,
      params: { models: output.shape[0], block, first, step },
      buffers: { input, output },
      workgroups: linearWorkgroups(output.size),
    });
    return output;
  };
  const picked = [Math.ceil((models - first) / step), ...rest];
  const output = run("pick", x, emptyTensor(x.gpu, picked, x.dtype));
  return record(output, [x], (upstream) => [run("put", upstream, emptyTensor(x.gpu, x.shape))]);
}
