// Operations on tensors of any shape against PyTorch's.

import { add, mul, scale, sub } from "../../src/ops/arithmetic.ts";
import { broadcastTo } from "../../src/ops/broadcast.ts";
import { exp, log } from "../../src/ops/exponential.ts";
import { klDiv } from "../../src/ops/losses.ts";
import { matmul } from "../../src/ops/matmul.ts";
import { permute, reshape } from "../../src/ops/rearrange.ts";
import { mean, sum } from "../../src/ops/reduce.ts";
import { backward, gradOf } from "../../src/tensor/autograd.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { storedPytorchTest } from "../pytorch.ts";

/** Options of PyTorch's call, on one model: axes are one further in the stack. */
interface Options {
  readonly factor: number;
  readonly axes: readonly number[];
  readonly order: readonly number[];
  readonly shape: readonly number[];
  readonly temperature: number;
}

const behindModels = (axes: readonly number[]) => axes.map((axis) => axis + 1);

const operations: Readonly<
  Record<string, (inputs: readonly Tensor[], options: Options) => Tensor>
> = {
  add: ([a, b]) => add(a, b),
  sub: ([a, b]) => sub(a, b),
  mul: ([a, b]) => mul(a, b),
  scale: ([x], { factor }) => scale(x, factor),
  exp: ([x]) => exp(x),
  log: ([x]) => log(x),
  sum: ([x], { axes }) => sum(x, { axes: behindModels(axes) }),
  mean: ([x], { axes }) => mean(x, { axes: behindModels(axes) }),
  matmul: ([a, b]) => matmul(a, b),
  permute: ([x], { order }) => permute(x, [0, ...behindModels(order)]),
  reshape: ([x], { shape }) => reshape(x, [2, ...shape]),
  broadcastTo: ([x], { shape }) => broadcastTo(x, [2, ...shape]),
  klDiv: ([student, teacher], { temperature }) => klDiv(student, teacher, { temperature }),
};

for (const [op, run] of Object.entries(operations)) {
  storedPytorchTest<{ op: string; inputs: number; options: Options }>(
    `${op}()`,
    "tensor",
    async (example) => {
      const { op: own, inputs: count, options } = example.settings;
      if (own !== op) return;
      const requiresGrad = true;
      const inputs = Array.from(
        { length: count },
        (_, i) => example.floats(`x${i}`, { requiresGrad }),
      );
      const y = run(inputs, options);
      backward(y, example.floats("gy"));
      await example.expect("y", y);
      for (const [i, input] of inputs.entries()) {
        if (example.has(`g${i}`)) await example.expect(`g${i}`, gradOf(input));
      }
    },
  );
}
