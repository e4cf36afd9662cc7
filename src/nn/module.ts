// What a layer is: declared parameters and buffers, and a forward pass that looks them up by name.

import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What a parameter is for; aggregation and initialisation ask for this, never for its name. */
export type ParameterKind = "conv" | "linear" | "bias" | "norm";

/** One trainable tensor of one model. */
export interface ParameterSpec {
  /** PyTorch's key, for example `layer1.0.conv.weight` */
  readonly name: string;
  readonly kind: ParameterKind;
  /** without the stack axis */
  readonly shape: Shape;
  /** initial values: uniform in (−bound, bound), or all the same */
  readonly initial: { readonly bound: number } | { readonly value: number };
}

/** One tensor of one model that training updates without a gradient: running statistics. */
export interface BufferSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly initialValue: number;
  /** counts something: a 64-bit integer in checkpoints */
  readonly integer: boolean;
}

/** What a forward pass needs besides its input. */
export interface ForwardContext {
  /** batch statistics instead of running ones */
  readonly training: boolean;
  /** `[S]` u32: how many rows of each model are real; default all */
  readonly counts?: Tensor;
  /** the stacked tensor of a declared parameter, `[S, …]` */
  parameter(name: string): Tensor;
  /** the stacked tensor of a declared buffer, `[S, …]` */
  buffer(name: string): Tensor;
}

/** A layer or a composition of layers. */
export interface Module {
  readonly parameters: readonly ParameterSpec[];
  readonly buffers: readonly BufferSpec[];
  forward(x: Tensor, context: ForwardContext): Tensor;
}

/** Modules one after the other. */
export class Sequential implements Module {
  constructor(private readonly modules: readonly Module[]) {}

  get parameters(): readonly ParameterSpec[] {
    return this.modules.flatMap((module) => module.parameters);
  }

  get buffers(): readonly BufferSpec[] {
    return this.modules.flatMap((module) => module.buffers);
  }

  forward(x: Tensor, context: ForwardContext): Tensor {
    return this.modules.reduce((value, module) => module.forward(value, context), x);
  }
}
