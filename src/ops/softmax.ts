// Softmax and log-softmax.

import source from "../../kernels/softmax.wgsl" with { type: "text" };
import invocation from "../../kernels/shared/invocation.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import { linearWorkgroups } from "../gpu/workgroups.ts";
import { record } from "../tensor/autograd.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import { expectFloats, expectNoMore } from "../tensor/checks.ts";

const file = kernelFile("softmax.wgsl", source, invocation);

const alongLast = " and works along the last axis";

/** exp(x) / Σ exp(x) along the last axis. Any shape, f32. */
export function softmax(x: Tensor): Tensor {
  expectNoMore("softmax", arguments, 1, alongLast);
  return alongLastAxis("softmax", x);
}

/** log(softmax(x)) along the last axis. Any shape, f32; nats. */
export function logSoftmax(x: Tensor): Tensor {
  expectNoMore("logSoftmax", arguments, 1, alongLast);
  return alongLastAxis("logSoftmax", x);
}

function alongLastAxis(op: "softmax" | "logSoftmax", x: Tensor): Tensor {
  expectFloats(op, "x", x);
  const classes = x.shape.at(-1) ?? 1;
  const rows = x.size / classes;
  const run = (entryPoint: string, buffers: Record<string, Tensor>) => {
    const output = emptyTensor(x.gpu, x.shape);
    x.gpu.dispatch({
      file,
      entryPoint,
      constants: { logarithm: Number(op === "logSoftmax") },
      params: { rows, classes },
      buffers: { ...buffers, output },
      workgroups: linearWorkgroups(rows),
    });
    return output;
  };
  const output = run("forward", { x });
  return record(output, [x], (upstream) => [run("backward", { result: output, upstream })]);
}
