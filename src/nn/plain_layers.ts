// The layers that have no parameters.

import { globalAvgPool2d, maxPool2d } from "../ops/pool2d.ts";
import { reshape } from "../ops/rearrange.ts";
import { relu } from "../ops/relu.ts";
import { expectOptions, expectWhole } from "../tensor/checks.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { BufferSpec, Module, ParameterSpec, Trace } from "./module.ts";
import { expectImage, windows } from "./row_shapes.ts";

/** `torch.nn.ReLU`: max(x, 0) of any shape. */
export class ReLU implements Module {
  /** none */
  readonly parameters: readonly ParameterSpec[] = [];
  /** none */
  readonly buffers: readonly BufferSpec[] = [];

  /** Of `x` in any shape, `[S, N, …]`. */
  forward(x: Tensor): Tensor {
    return relu(x);
  }

  trace(input: Shape): Trace {
    return { output: input, activations: [input] };
  }
}

/** `torch.nn.MaxPool2d` without padding: `[S, N, C, H, W]` → `[S, N, C, H′, W′]`. */
export class MaxPool2d implements Module {
  /** none */
  readonly parameters: readonly ParameterSpec[] = [];
  /** none */
  readonly buffers: readonly BufferSpec[] = [];
  readonly #options: { readonly kernelSize: number; readonly stride: number };

  /**
   * Declares square windows.
   *
   * @param options `kernelSize` in pixels, `stride` by default the same
   * @throws {TypeError} for options that are unknown or missing, {RangeError} for those that are no whole numbers
   */
  constructor(options: { kernelSize: number; stride?: number }) {
    expectOptions("MaxPool2d", options, ["kernelSize", "stride"], ["kernelSize"]);
    const { kernelSize, stride = kernelSize } = options;
    expectWhole("MaxPool2d", { kernelSize, stride }, 1);
    this.#options = { kernelSize, stride };
  }

  /** The largest pixel of each window of `x`, `[S, N, C, H, W]`. */
  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.#options);
  }

  trace(input: Shape): Trace {
    expectImage("MaxPool2d", input);
    const output = [input[0], ...windows("MaxPool2d", input, this.#options)];
    return { output, activations: [output, output] }; // and which pixel was the largest
  }
}

/** `torch.nn.AdaptiveAvgPool2d(1)` and `Flatten`: `[S, N, C, H, W]` → `[S, N, C]`, the mean of each channel. */
export class GlobalAvgPool2d implements Module {
  /** none */
  readonly parameters: readonly ParameterSpec[] = [];
  /** none */
  readonly buffers: readonly BufferSpec[] = [];

  /** The means of `x`, `[S, N, C, H, W]`. */
  forward(x: Tensor): Tensor {
    return globalAvgPool2d(x);
  }

  trace(input: Shape): Trace {
    expectImage("GlobalAvgPool2d", input);
    const output = [input[0]];
    return { output, activations: [output] };
  }
}

/** `torch.nn.Flatten`: `[S, N, …]` → `[S, N, F]`, each row's elements in one axis. The memory is shared. */
export class Flatten implements Module {
  /** none */
  readonly parameters: readonly ParameterSpec[] = [];
  /** none */
  readonly buffers: readonly BufferSpec[] = [];

  /** A view of `x`, `[S, N, …]`. */
  forward(x: Tensor): Tensor {
    const [models, rows] = x.shape;
    return reshape(x, [models, rows, -1]);
  }

  trace(input: Shape): Trace {
    return { output: [sizeOf(input)], activations: [] };
  }
}
