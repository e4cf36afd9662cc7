// The layers that have parameters, with PyTorch's default initialisation.

import { batchNorm } from "../ops/batch_norm.ts";
import { conv2d } from "../ops/conv2d.ts";
import { linear } from "../ops/linear.ts";
import {
  expectChoice,
  expectName,
  expectOptions,
  expectPositive,
  expectSwitches,
  expectWhole,
} from "../tensor/checks.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { BufferSpec, ForwardContext, Module, ParameterSpec, Trace } from "./module.ts";
import { expectFeatures, expectImage, windows } from "./row_shapes.ts";

/** Options of `Conv2d`, with PyTorch's names and defaults. */
export interface Conv2dLayerOptions {
  /** height and width of the kernel, pixels */
  kernelSize: number;
  /** pixels, both ways, default 1 */
  stride?: number;
  /** rows and columns of zeros on every side, default 0 */
  padding?: number;
  /** whether a learnt number is added to each output channel, default true */
  bias?: boolean;
}

/** `torch.nn.Conv2d` with square kernels: `[S, N, inChannels, H, W]` → `[S, N, outChannels, H′, W′]`. */
export class Conv2d implements Module {
  /** `weight [outChannels, inChannels, kernelSize, kernelSize]`, and `bias [outChannels]` unless switched off */
  readonly parameters: readonly ParameterSpec[];
  /** none */
  readonly buffers: readonly BufferSpec[] = [];
  readonly #options: Required<Conv2dLayerOptions>;

  /**
   * Declares the layer; its numbers lie in a `Model`.
   *
   * @param name before `.weight` and `.bias` in the state dict
   * @throws {TypeError} for options that are unknown or missing, {RangeError} for sizes that are no whole numbers
   */
  constructor(
    private readonly name: string,
    private readonly inChannels: number,
    private readonly outChannels: number,
    options: Conv2dLayerOptions,
  ) {
    expectName("Conv2d", name);
    const known = ["kernelSize", "stride", "padding", "bias"];
    expectOptions("Conv2d", options, known, ["kernelSize"]);
    const { kernelSize, stride = 1, padding = 0, bias = true } = options;
    expectWhole("Conv2d", { inChannels, outChannels, kernelSize, stride }, 1);
    expectWhole("Conv2d", { padding }, 0);
    expectSwitches("Conv2d", { bias });
    this.#options = { kernelSize, stride, padding, bias };
    const shape = [outChannels, inChannels, kernelSize, kernelSize];
    const initial = kaimingUniform(inChannels * kernelSize ** 2);
    this.parameters = [
      { name: `${name}.weight`, kind: "conv", shape, initial },
      ...(bias ? [biasSpec(name, outChannels, initial)] : []),
    ];
  }

  /** The convolution of `x`, `[S, N, inChannels, H, W]`. */
  forward(x: Tensor, context: ForwardContext): Tensor {
    const { stride, padding, bias } = this.#options;
    return conv2d(x, context.parameter(`${this.name}.weight`), {
      bias: bias ? context.parameter(`${this.name}.bias`) : undefined,
      stride,
      padding,
    });
  }

  trace(input: Shape): Trace {
    const layer = `Conv2d ${this.name}`;
    expectImage(layer, input, this.inChannels);
    const output = [this.outChannels, ...windows(layer, input, this.#options)];
    return { output, activations: [output] };
  }
}

/** `torch.nn.Linear`: `[S, N, inFeatures]` → `[S, N, outFeatures]`. */
export class Linear implements Module {
  /** `weight [outFeatures, inFeatures]`, and `bias [outFeatures]` unless switched off */
  readonly parameters: readonly ParameterSpec[];
  /** none */
  readonly buffers: readonly BufferSpec[] = [];
  readonly #bias: boolean;

  /**
   * Declares the layer; its numbers lie in a `Model`.
   *
   * @param name before `.weight` and `.bias` in the state dict
   * @param options `bias`: whether a learnt number is added to each output, default true
   * @throws {TypeError} for options that are unknown, {RangeError} for sizes that are no whole numbers
   */
  constructor(
    private readonly name: string,
    private readonly inFeatures: number,
    private readonly outFeatures: number,
    options: { bias?: boolean } = {},
  ) {
    expectName("Linear", name);
    expectOptions("Linear", options, ["bias"]);
    expectWhole("Linear", { inFeatures, outFeatures }, 1);
    expectSwitches("Linear", { bias: options.bias });
    const { bias = true } = options;
    this.#bias = bias;
    const initial = kaimingUniform(inFeatures);
    const shape = [outFeatures, inFeatures];
    this.parameters = [
      { name: `${name}.weight`, kind: "linear", shape, initial },
      ...(bias ? [biasSpec(name, outFeatures, initial)] : []),
    ];
  }

  /** x Wᵀ + b of `x`, `[S, N, inFeatures]`. */
  forward(x: Tensor, context: ForwardContext): Tensor {
    const bias = this.#bias ? context.parameter(`${this.name}.bias`) : undefined;
    return linear(x, context.parameter(`${this.name}.weight`), { bias });
  }

  trace(input: Shape): Trace {
    expectFeatures(`Linear ${this.name}`, input, this.inFeatures);
    const output = [this.outFeatures];
    return { output, activations: [output] };
  }
}

/** Options of `BatchNorm1d`. */
export interface BatchNorm1dLayerOptions {
  /** added to the variance, default 1e-5 */
  eps?: number;
  /** share of the batch in the running statistics, default 0.1 */
  momentum?: number;
  /** what follows, computed in the same kernel, which is faster than a `ReLU` behind it; default none */
  activation?: "none" | "relu";
}

/** Options of `BatchNorm2d`. */
export interface BatchNorm2dLayerOptions extends BatchNorm1dLayerOptions {
  /** what follows that: the largest of each 2×2 pixels, in the same kernel where sizes allow it; default none */
  pool?: "none" | "max2x2";
}

/** What both kinds of batch normalization have: scale, shift and running statistics of each feature. */
class BatchNorm {
  readonly parameters: readonly ParameterSpec[];
  readonly buffers: readonly BufferSpec[];
  protected readonly options: Required<BatchNorm2dLayerOptions>;

  constructor(
    protected readonly layer: "BatchNorm1d" | "BatchNorm2d",
    protected readonly name: string,
    protected readonly numFeatures: number,
    options: BatchNorm2dLayerOptions,
  ) {
    expectName(layer, name);
    const known = ["eps", "momentum", "activation"];
    expectOptions(layer, options, layer === "BatchNorm1d" ? known : [...known, "pool"]);
    const { eps = 1e-5, momentum = 0.1, activation = "none", pool = "none" } = options;
    expectWhole(layer, { numFeatures }, 1);
    expectPositive(layer, { eps });
    if (!(typeof momentum === "number" && momentum >= 0 && momentum <= 1)) {
      throw new RangeError(
        `Cannot apply ${layer}: momentum is ${momentum} but a number between 0 and 1 is expected`,
      );
    }
    expectChoice(layer, "activation", activation, ["none", "relu"]);
    expectChoice(layer, "pool", pool, ["none", "max2x2"]);
    this.options = { eps, momentum, activation, pool };
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
      ...this.options,
    });
  }
}

/** `torch.nn.BatchNorm1d` over rows of features, `[S, N, numFeatures]`. Padded rows of a batch do not count. */
export class BatchNorm1d extends BatchNorm implements Module {
  /**
   * Declares the layer; its numbers lie in a `Model`.
   *
   * @param name before `.weight`, `.bias` and `.running_mean` in the state dict
   * @throws {TypeError} for options that are unknown, {RangeError} for those that are out of range
   */
  constructor(name: string, numFeatures: number, options: BatchNorm1dLayerOptions = {}) {
    super("BatchNorm1d", name, numFeatures, options);
  }

  trace(input: Shape): Trace {
    expectFeatures(`${this.layer} ${this.name}`, input, this.numFeatures);
    return { output: input, activations: [input] };
  }
}

/** `torch.nn.BatchNorm2d` over images, `[S, N, numFeatures, H, W]`. Padded rows of a batch do not count. */
export class BatchNorm2d extends BatchNorm implements Module {
  /**
   * Declares the layer; its numbers lie in a `Model`.
   *
   * @param name before `.weight`, `.bias` and `.running_mean` in the state dict
   * @throws {TypeError} for options that are unknown, {RangeError} for those that are out of range
   */
  constructor(name: string, numFeatures: number, options: BatchNorm2dLayerOptions = {}) {
    super("BatchNorm2d", name, numFeatures, options);
  }

  trace(input: Shape): Trace {
    const layer = `${this.layer} ${this.name}`;
    expectImage(layer, input, this.numFeatures);
    if (this.options.pool === "none") return { output: input, activations: [input] };
    const output = [this.numFeatures, ...windows(layer, input, { kernelSize: 2, stride: 2 })];
    return { output, activations: [output] };
  }
}

type Initial = ParameterSpec["initial"];

function biasSpec(name: string, features: number, initial: Initial): ParameterSpec {
  return { name: `${name}.bias`, kind: "bias", shape: [features], initial };
}

/** The bound of `kaiming_uniform_` with a = √5, which PyTorch's layers use for weights and biases alike. */
function kaimingUniform(fanIn: number): { bound: number } {
  return { bound: 1 / Math.sqrt(fanIn) };
}
