// Compares an operation's gradients with finite differences.

import { RandomStream } from "../random.ts";
import { backward, gradOf } from "./autograd.ts";
import { expectList, expectOptions, expectTensor } from "./checks.ts";
import { sameShape, type Shape, showShape, sizeOf } from "./shape.ts";
import { emptyTensor, type Tensor } from "./tensor.ts";

/** Numbers in double precision, row-major: what a reference takes and returns. */
export interface DoubleArray {
  /** lengths of the axes, outermost first */
  readonly shape: Shape;
  /** one element after the other, the last axis fastest */
  readonly data: Float64Array;
}

/** Options of `checkGradients()`. */
export interface GradientCheckOptions {
  /**
   * the operation in double precision, on plain arrays: the differences are taken through it. Without one they go
   * through the operation itself, whose 32 bits allow a coarse comparison only
   */
  readonly reference?: (...inputs: DoubleArray[]) => DoubleArray;
  /** share of an input's largest difference that its gradient may be off; default 1e-5, without a reference 2e-2 */
  readonly tolerance?: number;
  /** how far an element is moved each way; default 1e-5, without a reference 2⁻⁷ */
  readonly step?: number;
  /** elements of each input that are compared, chosen at random where there are more; default 100 */
  readonly elements?: number;
}

/** The comparison for one input. */
export interface InputGradient {
  /** its position among the inputs */
  readonly input: number;
  /** largest deviation, as a share of the largest difference; NaN if the gradient is no number */
  readonly error: number;
  /** where that is: indices along the axes of the input */
  readonly index: readonly number[];
  /** the gradient there, and the difference */
  readonly actual: number;
  /** the central difference there */
  readonly expected: number;
  /** whether the error is within the tolerance */
  readonly passed: boolean;
}

/** What `checkGradients()` found. */
export interface GradientReport {
  /** whether all inputs passed */
  readonly passed: boolean;
  /** what the differences were taken through */
  readonly oracle: "reference" | "operation";
  /** the share of the largest difference that was forgiven */
  readonly tolerance: number;
  /** of the inputs that require a gradient */
  readonly inputs: readonly InputGradient[];
  /** the worst input in a sentence */
  readonly message: string;
}

/** Central differences are off by rounding too: where all are about zero, this much is forgiven. */
const differenceError = 1e-8;

/**
 * Compares the gradients of an operation with central differences, as `torch.autograd.gradcheck`; reports
 * instead of throwing. The output is weighted with fixed random numbers, for gradients of a plain sum can
 * vanish. Keep the inputs away from kinks such as relu's by more than the step.
 *
 * ```ts
 * import { checkGradients, exp, openGpu } from "@prr-fl/webgpu";
 *
 * const gpu = await openGpu();
 * using _scope = gpu.scope();
 * const x = gpu.tensor(Float32Array.of(-1, 0, 2), [3], { requiresGrad: true });
 * const { passed, message } = await checkGradients((x) => exp(x), [x], {
 *   reference: ({ shape, data }) => ({ shape, data: data.map(Math.exp) }),
 * });
 * if (!passed) throw new Error(message);
 * ```
 *
 * @param op the same every time it is called
 * @param inputs f32; those that require a gradient are checked, and all are left as they were
 * @throws {TypeError} if no input requires a gradient, for an unknown option, or if the reference's output has another shape
 */
export async function checkGradients(
  op: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradientCheckOptions = {},
): Promise<GradientReport> {
  expectOptions("checkGradients", options, ["reference", "tolerance", "step", "elements"]);
  expectList("checkGradients", "inputs", inputs);
  inputs.forEach((input, at) => expectTensor("checkGradients", `input ${at}`, input));
  const { reference, elements = 100 } = options;
  const { tolerance = reference ? 1e-5 : 2e-2, step = reference ? 1e-5 : 2 ** -7 } = options;
  if (!inputs.some(({ requiresGrad }) => requiresGrad)) {
    throw new TypeError("Cannot check gradients: no input requires a gradient");
  }
  const { gpu } = inputs[0];
  using _scope = gpu.scope();
  const values = await Promise.all(inputs.map(download));
  const { cotangent, gradients } = await gradientsOf(op, inputs);
  const weightedOutput = reference
    ? throughReference(reference, cotangent)
    : throughOperation(op, inputs, cotangent);

  const results: InputGradient[] = [];
  for (const [input, gradient] of gradients) {
    const places = chosenPlaces(gradient.data.length, elements);
    const differences = await Promise.all(
      places.map((place) => centralDifference(weightedOutput, values, input, place, step)),
    );
    results.push(compare(input, gradient, places, differences, tolerance));
  }
  const worst = results.reduce((a, b) => a.error >= b.error || Number.isNaN(a.error) ? a : b);
  return {
    passed: results.every(({ passed }) => passed),
    oracle: reference ? "reference" : "operation",
    tolerance,
    inputs: results,
    message: `Gradient of input ${worst.input} at ${showShape(worst.index)} is ${worst.actual} ` +
      `but the difference is ${worst.expected}: off by ${worst.error} of the largest ` +
      `where ${tolerance} is allowed`,
  };
}

/** Σ cotangent · output as a function of the inputs' values. */
type WeightedOutput = (values: readonly DoubleArray[]) => number | Promise<number>;

async function download(tensor: Tensor): Promise<DoubleArray> {
  return { shape: tensor.shape, data: Float64Array.from(await tensor.read()) };
}

/** The weights of the output, and by input the gradients that `backward` finds. */
async function gradientsOf(op: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[]) {
  const leaves = inputs.map((input) => {
    const leaf = input.view(input.shape);
    leaf.requiresGrad = input.requiresGrad;
    return leaf;
  });
  const output = op(...leaves);
  const cotangent = fixedCotangent(output.shape);
  const upstream = emptyTensor(output.gpu, output.shape);
  output.gpu.write(upstream, cotangent.data);
  backward(output, upstream);
  const gradients = new Map<number, DoubleArray>();
  for (const [index, leaf] of leaves.entries()) {
    if (leaf.requiresGrad) gradients.set(index, await download(gradOf(leaf)));
  }
  return { cotangent, gradients };
}

function throughReference(
  reference: (...inputs: DoubleArray[]) => DoubleArray,
  cotangent: { readonly shape: Shape; readonly data: Float32Array },
): WeightedOutput {
  return (values) => {
    const output = reference(...values);
    if (!sameShape(output.shape, cotangent.shape)) {
      throw new TypeError(
        `Cannot check gradients: the output has shape ${showShape(cotangent.shape)} ` +
          `but the reference's has ${showShape(output.shape)}`,
      );
    }
    return weighted(output.data, cotangent.data);
  };
}

function throughOperation(
  op: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  cotangent: { readonly data: Float32Array },
): WeightedOutput {
  return async (values) => {
    const { gpu } = inputs[0];
    const reading = (() => {
      using _scope = gpu.scope();
      const moved = inputs.map((input, index) => {
        if (!input.requiresGrad) return input;
        const copy = emptyTensor(gpu, input.shape);
        gpu.write(copy, Float32Array.from(values[index].data));
        return copy;
      });
      return op(...moved).read(); // what it downloads is on its way when the scope ends
    })();
    return weighted(await reading, cotangent.data);
  };
}

/** d(Σ cotangent · output) / d(one element). */
async function centralDifference(
  output: WeightedOutput,
  values: readonly DoubleArray[],
  input: number,
  place: number,
  step: number,
): Promise<number> {
  const at = (value: number) => {
    const { shape, data } = values[input];
    return output(values.with(input, { shape, data: data.with(place, value) }));
  };
  const center = values[input].data[place];
  const [above, below] = await Promise.all([at(center + step), at(center - step)]);
  return (above - below) / (2 * step);
}

/** NaN is equal to nothing. */
function compare(
  input: number,
  { shape, data }: DoubleArray,
  places: readonly number[],
  differences: readonly number[],
  tolerance: number,
): InputGradient {
  const deviation = (at: number) => Math.abs(data[places[at]] - differences[at]);
  const isWorse = (a: number, b: number) => !(deviation(a) <= deviation(b));
  const worst = [...places.keys()].reduce((a, b) => isWorse(b, a) ? b : a, 0);
  const largest = differences.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return {
    input,
    error: deviation(worst) === 0 ? 0 : deviation(worst) / largest,
    index: indexOf(places[worst], shape),
    actual: data[places[worst]],
    expected: differences[worst],
    passed: deviation(worst) <= tolerance * largest + differenceError,
  };
}

function weighted(output: ArrayLike<number>, weights: Float32Array): number {
  return weights.reduce((sum, weight, at) => sum + weight * output[at], 0);
}

/** The same numbers in [−1, 1) for the same shape. */
function fixedCotangent(shape: Shape) {
  const random = new RandomStream(0x5eed);
  const draw = () => 2 * random.uniform() - 1;
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, draw) };
}

function chosenPlaces(length: number, count: number): number[] {
  const order = new RandomStream(2).permutation(length);
  return Array.from(order.slice(0, count)).sort((a, b) => a - b);
}

function indexOf(place: number, shape: Shape): number[] {
  const index: number[] = [];
  for (const size of shape.toReversed()) {
    index.unshift(place % size);
    place = Math.floor(place / size);
  }
  return index;
}
