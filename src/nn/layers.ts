// The layers of the networks, with PyTorch's default initialisation.

import { batchNorm } from "../ops/batch_norm.ts";
import { conv2d } from "../ops/conv2d.ts";
import { linear } from "../ops/linear.ts";
import { globalAvgPool2d } from "../ops/pool2d.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { BufferSpec, ForwardContext, Module, ParameterSpec } from "./module.ts";

/** `torch.nn.Conv2d` without bias. */
export class Conv2d implements Module {
  readonly parameters: readonly ParameterSpec[];
  readonly buffers: readonly BufferSpec[] = [];

  constructor(
    private readonly name: string,
    inChannels: number,
    outChannels: number,
    private readonly options: { kernelSize: number; padding: number },
  ) {
    const { kernelSize } = options;
    const shape = [outChannels, inChannels, kernelSize, kernelSize];
    const initial = kaimingUniform(inChannels * kernelSize ** 2);
    this.parameters = [{ name: `${name}.weight`, kind: "conv", shape, initial }];
  }

  forward(x: Tensor, context: ForwardContext): Tensor {
    const { padding } = this.options;
    return conv2d(x, context.parameter(`${this.name}.weight`), { padding });
  }
}

/** `torch.nn.Linear`. */
export class Linear implements Module {
  readonly parameters: readonly ParameterSpec[];
  readonly buffers: readonly BufferSpec[] = [];

  constructor(
    private readonly name: string,
    inFeatures: number,
    outFeatures: number,
    private readonly options: { bias: boolean },
  ) {
    const initial = kaimingUniform(inFeatures);
    const shape = [outFeatures, inFeatures];
    const weight: ParameterSpec = { name: `${name}.weight`, kind: "linear", shape, initial };
    const bias: ParameterSpec = {
      name: `${name}.bias`,
      kind: "bias",
      shape: [outFeatures],
      initial,
    };
    this.parameters = options.bias ? [weight, bias] : [weight];
  }

  forward(x: Tensor, context: ForwardContext): Tensor {
    const bias = this.options.bias ? context.parameter(`${this.name}.bias`) : undefined;
    return linear(x, context.parameter(`${this.name}.weight`), { bias });
  }
}

/** `torch.nn.BatchNorm1d` or `BatchNorm2d`, followed by ReLU and on request by a max pooling that halves height and width. */
export class BatchNormRelu implements Module {
  readonly parameters: readonly ParameterSpec[];
  readonly buffers: readonly BufferSpec[];

  constructor(
    private readonly name: string,
    numFeatures: number,
    private readonly options: { pool: "none" | "max2x2" },
  ) {
    const shape = [numFeatures];
    const norm = { kind: "norm", shape } as const;
    this.parameters = [
      { ...norm, name: `${name}.weight`, initial: { value: 1 } },
      { ...norm, name: `${name}.bias`, initial: { value: 0 } },
    ];
    this.buffers = [
      { name: `${name}.running_mean`, shape, initialValue: 0, integer: false },
      { name: `${name}.running_var`, shape, initialValue: 1, integer: false },
      { name: `${name}.num_batches_tracked`, shape: [], initialValue: 0, integer: true },
    ];
  }

  forward(x: Tensor, context: ForwardContext): Tensor {
    return batchNorm(x, {
      weight: context.parameter(`${this.name}.weight`),
      bias: context.parameter(`${this.name}.bias`),
      runningMean: context.buffer(`${this.name}.running_mean`),
      runningVar: context.buffer(`${this.name}.running_var`),
      numBatchesTracked: context.buffer(`${this.name}.num_batches_tracked`),
      training: context.training,
      counts: context.counts,
      activation: "relu",
      pool: this.options.pool,
    });
  }
}

/** `[S, N, C, H, W]` → `[S, N, C]`. */
export const globalAvgPool: Module = {
  parameters: [],
  buffers: [],
  forward: (x) => globalAvgPool2d(x),
};

/** The bound of `kaiming_uniform_` with a = √5, which PyTorch's layers use for weights and biases alike. */
function kaimingUniform(fanIn: number): { bound: number } {
  return { bound: 1 / Math.sqrt(fanIn) };
}
