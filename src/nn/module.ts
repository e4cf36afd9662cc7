// What a layer is: declared parameters and buffers, a forward pass that looks them up by name, and the shapes it makes.

import { expectChoice, expectList, expectOptions, expectWhole } from "../tensor/checks.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What a parameter is for; aggregation and initialisation ask for this, never for its name. */
export type ParameterKind = "conv" | "linear" | "bias" | "norm";

/** The parts of a network: what finds features in an image, and what tells classes by them. */
export const networkParts = ["features", "classifier"] as const;

/** The part of a network that a layer belongs to; methods that freeze or keep one ask for this. */
export type NetworkPart = typeof networkParts[number];

/** One trainable tensor of one model. */
export interface ParameterSpec {
  /** PyTorch's key, for example `layer1.0.conv.weight` */
  readonly name: string;
  /** decides what the server does with it */
  readonly kind: ParameterKind;
  /** default "features" */
  readonly part?: NetworkPart;
  /** without the stack axis */
  readonly shape: Shape;
  /** initial values: uniform in (−bound, bound), or all the same */
  readonly initial: { readonly bound: number } | { readonly value: number };
}

/** One tensor of one model that training updates without a gradient: running statistics. */
export interface BufferSpec {
  /** PyTorch's key, for example `layer1.0.bn.running_mean` */
  readonly name: string;
  /** default "features" */
  readonly part?: NetworkPart;
  /** without the stack axis */
  readonly shape: Shape;
  /** of all its elements */
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
  /** to be called with what the classifier is given, before it runs */
  onFeatures?(features: Tensor): void;
}

/** What a forward pass makes of one row: shapes without the stack and the batch axis. */
export interface Trace {
  /** what the pass gives */
  readonly output: Shape;
  /** of every tensor that it allocates and a backward pass needs, in order; a view allocates none */
  readonly activations: readonly Shape[];
}

/** A layer or a composition of layers. It holds no numbers: those of a stack of models lie in a `Model`. */
export interface Module {
  /** in the order of the state dict */
  readonly parameters: readonly ParameterSpec[];
  /** in the order of the state dict, parameters apart */
  readonly buffers: readonly BufferSpec[];
  /** height and width of images have to be multiples of this; default 1 */
  readonly imageMultiple?: number;
  /** The pass of each model on its batch of rows: `x` and what it gives are `[S, N, …]`. */
  forward(x: Tensor, context: ForwardContext): Tensor;
  /**
   * The shapes that `forward` makes, found without a GPU.
   *
   * @param input of one row: `[C, H, W]` of an image, `[F]` of features
   * @throws {TypeError} naming the layer, if the input does not suit it; {RangeError} if it is too small
   */
  trace(input: Shape): Trace;
}

/** Options of `Sequential`. */
export interface SequentialOptions {
  /** the part that all its layers belong to; by default each keeps what it says itself */
  part?: NetworkPart;
  /** height and width of images have to be multiples of this; by default what the first module, which gets them, says */
  imageMultiple?: number;
}

/** Modules one after the other, as `torch.nn.Sequential`. */
export class Sequential implements Module {
  /** of all modules, in their order */
  readonly parameters: readonly ParameterSpec[];
  /** of all modules, in their order */
  readonly buffers: readonly BufferSpec[];
  readonly imageMultiple: number;
  readonly #part?: NetworkPart;

  /**
   * Joins modules, of which each takes what the one before gives.
   *
   * @throws {TypeError} unless all are modules
   */
  constructor(private readonly modules: readonly Module[], options: SequentialOptions = {}) {
    expectList("Sequential", "modules", modules);
    modules.forEach((module, index) => expectModule("Sequential", `module ${index}`, module));
    expectOptions("Sequential", options, ["part", "imageMultiple"]);
    const { part, imageMultiple = modules[0]?.imageMultiple ?? 1 } = options;
    if (part !== undefined) expectChoice("Sequential", "part", part, networkParts);
    expectWhole("Sequential", { imageMultiple }, 1);
    const placed = <Spec extends ParameterSpec | BufferSpec>(spec: Spec): Spec =>
      part === undefined ? spec : { ...spec, part };
    this.parameters = modules.flatMap((module) => module.parameters).map(placed);
    this.buffers = modules.flatMap((module) => module.buffers).map(placed);
    this.imageMultiple = imageMultiple;
    this.#part = part;
  }

  /** All passes in order; `x` is `[S, N, …]` as the first module takes it. */
  forward(x: Tensor, context: ForwardContext): Tensor {
    if (this.#part === "classifier") context.onFeatures?.(x);
    return this.modules.reduce((value, module) => module.forward(value, context), x);
  }

  trace(input: Shape): Trace {
    let output = input;
    const activations: Shape[] = [];
    for (const module of this.modules) {
      const trace = module.trace(output);
      activations.push(...trace.activations);
      ({ output } = trace);
    }
    return { output, activations };
  }
}

/** @throws {TypeError} unless the value has what a module has */
export function expectModule(op: string, name: string, value: unknown): asserts value is Module {
  const { parameters, buffers, forward, trace } = (value ?? {}) as Partial<Module>;
  const lacking = Object.entries({ parameters, buffers, forward, trace }).find(([member, found]) =>
    member === "parameters" || member === "buffers"
      ? !Array.isArray(found)
      : typeof found !== "function"
  );
  if (!lacking) return;
  throw new TypeError(
    `Cannot apply ${op}: ${name} has no ${lacking[0]} but a module is expected, ` +
      "with parameters, buffers, forward and trace",
  );
}
