// The fully connected layer.

import { record } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  expectAxes,
  expectFloats,
  expectOneGpu,
  expectOptions,
  expectShape,
} from "../tensor/checks.ts";
import { add } from "./arithmetic.ts";
import { productOf } from "./matmul.ts";
import { reshape } from "./rearrange.ts";

/**
 * x · weightᵀ + bias for each model, as `torch.nn.functional.linear`.
 *
 * @param x `[S, N, I]`
 * @param weight `[S, O, I]`
 * @param options `bias` `[S, O]`, default none
 * @returns `[S, N, O]`
 * @throws {TypeError} for shapes that do not fit together
 */
export function linear(x: Tensor, weight: Tensor, options: { bias?: Tensor } = {}): Tensor {
  expectOptions("linear", options, ["bias"]);
  const { bias } = options;
  expectAxes("linear", "x", x, 3);
  expectAxes("linear", "weight", weight, 3);
  expectFloats("linear", "x", x);
  const [models, , inputs] = x.shape;
  const outputs = weight.shape[1];
  expectShape("linear", "weight", weight, [models, outputs, inputs]);
  if (bias) expectShape("linear", "bias", bias, [models, outputs]);
  expectOneGpu("linear", { x, weight, bias });

  const output = productOf({ tensor: x }, { tensor: weight, transposed: true });
  const product = record(output, [x, weight], (upstream) => [
    x.requiresGrad ? productOf({ tensor: upstream }, { tensor: weight }) : null,
    weight.requiresGrad ? productOf({ tensor: upstream, transposed: true }, { tensor: x }) : null,
  ]);
  return bias ? add(product, reshape(bias, [models, 1, outputs])) : product;
}
