// A stack of models of one architecture: their parameters, gradients and running statistics on the GPU.

import { GpuRuntime } from "../gpu/runtime.ts";
import { RandomStream } from "../random.ts";
import { expectAxes, expectOptions, expectSwitches, expectWhole } from "../tensor/checks.ts";
import type { GradientState, Tensor } from "../tensor/tensor.ts";
import { FlatTensors } from "./flat_tensors.ts";
import { type BufferSpec, expectModule, type Module, type ParameterSpec } from "./module.ts";
import { Owned } from "../owned.ts";

/** Options of a stack of models. */
export interface ModelOptions {
  /** number of independent models, default 1 */
  stack?: number;
  /** of the initial weights, default 0 */
  seed?: number;
}

/** Options of a forward pass. */
export interface ForwardOptions {
  /** batch statistics (and their running averages updated) instead of the running ones; default false */
  training?: boolean;
  /** `[S]` u32: how many rows of each model are real; default all */
  counts?: Tensor;
  /** called with what the classifier is given, `[S, N, …]`: a loss may depend on it as on the logits */
  onFeatures?: (features: Tensor) => void;
}

/** S independent models, all with the same initial values. Dispose of it when done. */
export class Model {
  /** `[S, …]` each, which an optimizer changes */
  readonly parameters: FlatTensors;
  /** of the parameters, in the same order and shapes; `backward()` adds to them */
  readonly gradients: FlatTensors;
  /** running statistics, which a forward pass in training changes */
  readonly buffers: FlatTensors;
  readonly #gradientStates = new Map<string, GradientState>();
  readonly #owned: Owned;

  /** number of models */
  readonly stack: number;

  /**
   * Makes the models, on a GPU, with initial values by the seed.
   *
   * @param module declares what each model has
   * @throws {TypeError} for what is no module, or one in which two tensors have one name
   * @throws {RangeError} unless stack and seed are whole numbers, of at least 1 and 0
   */
  constructor(readonly gpu: GpuRuntime, readonly module: Module, options: ModelOptions = {}) {
    if (!(gpu instanceof GpuRuntime)) {
      throw new TypeError(`Cannot make a Model: gpu is ${gpu} but a Gpu is expected`);
    }
    expectModule("Model", "module", module);
    expectDistinctNames(module);
    expectOptions("Model", options, ["stack", "seed"]);
    const { stack = 1, seed = 0 } = options;
    expectWhole("Model", { stack }, 1);
    expectWhole("Model", { seed }, 0);
    this.stack = stack;
    using owned = new Owned(); // gives back what there is if the rest does not fit
    const flat = (specs: readonly (ParameterSpec | BufferSpec)[]) =>
      owned.use(new FlatTensors(gpu, stack, specs));
    this.parameters = flat(module.parameters);
    this.gradients = flat(module.parameters);
    this.buffers = flat(module.buffers);
    gpu.write(this.parameters.whole, this.#initialParameters(module.parameters, seed));
    gpu.write(this.buffers.whole, this.#initialBuffers(module.buffers));
    gpu.clear(this.gradients.whole);
    this.#owned = owned.move();
  }

  /** Trainable numbers of one model. */
  get size(): number {
    return this.parameters.blocks.reduce((sum, block) => sum + block.size, 0);
  }

  /**
   * What the module makes of a batch: logits, if it is a classifier.
   *
   * @param x images `[S, N, C, H, W]` or rows of features `[S, N, F]`; with fewer models than the stack has, its first
   *   ones are used
   * @returns `[S, N, …]`; `[S, N, classes]` of a classifier
   * @throws {TypeError} for other numbers of axes, more models than the stack has or unknown options; if features are
   *   asked for and the module does not say what its classifier is
   */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    expectOptions("Model.forward", options, ["training", "counts", "onFeatures"]);
    expectSwitches("Model.forward", { training: options.training });
    expectAxes("Model.forward", "x", x, 3, 5);
    const models = x.shape[0];
    if (models > this.stack) {
      throw new TypeError(
        `Cannot run a stack of ${this.stack} models on a batch for ${models}`,
      );
    }
    let { onFeatures } = options;
    const output = this.module.forward(x, {
      training: options.training ?? false,
      counts: options.counts,
      parameter: (name) => this.parameter(name, models),
      buffer: (name) => this.buffers.view(name, models),
      onFeatures: (features) => {
        onFeatures?.(features);
        onFeatures = undefined; // a classifier within the classifier is given something else
      },
    });
    if (onFeatures) {
      throw new TypeError(
        "Cannot tell the features: the module does not say what its classifier is; " +
          'put it into a Sequential with part: "classifier"',
      );
    }
    return output;
  }

  /** A parameter of the first `models` models, `[models, …]`; its gradient lies in the flat buffer. */
  parameter(name: string, models = this.stack): Tensor {
    const view = this.parameters.view(name, models);
    view.requiresGrad = true;
    view.gradient ??= this.gradients.view(name, models);
    view.gradientState ??= this.#gradientState(name);
    return view;
  }

  /** Sets all gradients to zero. */
  zeroGrad(): void {
    this.gpu.clear(this.gradients.whole);
    for (const { name } of this.gradients.blocks) {
      this.#gradientState(name).zeroedIn = this.gpu.stream;
    }
  }

  /** Gives the memory of parameters, gradients and buffers back. */
  dispose(): void {
    this.#owned.dispose();
  }

  /** One for each parameter, whatever the number of models that a view of it has. */
  #gradientState(name: string): GradientState {
    const state = this.#gradientStates.get(name) ?? { zeroedIn: null };
    this.#gradientStates.set(name, state);
    return state;
  }

  /** Each parameter draws from a stream of its own: one network's layers do not depend on another's number. */
  #initialParameters(specs: readonly ParameterSpec[], seed: number): Float32Array<ArrayBuffer> {
    const values = new Float32Array(this.parameters.whole.size);
    specs.forEach(({ name, initial }, index) => {
      const { start, size } = this.parameters.block(name);
      const end = start + this.stack * size;
      if ("value" in initial) {
        values.fill(initial.value, start, end);
        return;
      }
      const random = new RandomStream(seed, initialisationStream, index);
      for (let i = start; i < start + size; i++) {
        values[i] = (2 * random.uniform() - 1) * initial.bound;
      }
      for (let copy = start + size; copy < end; copy += size) {
        values.copyWithin(copy, start, start + size);
      }
    });
    return values;
  }

  #initialBuffers(specs: readonly BufferSpec[]): Float32Array<ArrayBuffer> {
    const values = new Float32Array(this.buffers.whole.size);
    for (const { name, initialValue } of specs) {
      const { start, size } = this.buffers.block(name);
      values.fill(initialValue, start, start + this.stack * size);
    }
    return values;
  }
}

function expectDistinctNames({ parameters, buffers }: Module): void {
  const seen = new Set<string>();
  for (const { name } of [...parameters, ...buffers]) {
    if (seen.has(name)) {
      throw new TypeError(
        `Cannot make a Model: two tensors are called "${name}"; give each layer a name of its own`,
      );
    }
    seen.add(name);
  }
}

/** Separates these random numbers from those that shuffle and augment. */
const initialisationStream = 1;
