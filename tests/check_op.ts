// The checker of operations: forward and backward against double precision, and stacked against alone.

import { RandomStream } from "../src/random.ts";
import { backward, gradOf } from "../src/tensor/autograd.ts";
import { checkGradients } from "../src/tensor/gradient_check.ts";
import { type Shape, showShape, sizeOf } from "../src/tensor/shape.ts";
import type { Tensor, TensorData } from "../src/tensor/tensor.ts";
import { noteAccuracy } from "./accuracy.ts";
import { assert, assertEquals } from "./assert.ts";
import { gpu } from "./gpu.ts";
import type { Values } from "./reference/values.ts";

/** An input of an operation: a shape and what it holds. */
export interface Input {
  readonly shape: Shape;
  readonly data: Exclude<TensorData, Uint8Array>;
}

/** How far off an operation may be: shares of the largest magnitude in what is compared. */
export interface Tolerance {
  readonly forward: number;
  readonly backward: number;
  /** where the numbers come from, for docs/numerics.md */
  readonly reason: string;
}

/** One application of an operation. `Name` are the names of its inputs. */
export interface OpCase<Name extends string> {
  /** name, a space, and options for messages */
  readonly op: string;
  readonly inputs: Readonly<Record<Name, Input>>;
  /** float inputs whose gradient is checked; default all of them */
  readonly differentiable?: readonly NoInfer<Name>[];
  readonly run: (inputs: Readonly<Record<Name, Tensor>>) => Tensor;
  readonly reference: (inputs: Readonly<Record<Name, Values>>) => Values;
  readonly tolerance: Tolerance;
  /** whether models are independent, so that a stack must equal its models one by one; default true */
  readonly stacked?: boolean;
}

/** Of the random weights of the output; no input may have the same numbers. */
const cotangentSeed = 0x5eed;

/** Random floats in `[low, high)`, the same for the same seed. */
export function randomInput(
  seed: number,
  shape: Shape,
  range: readonly [low: number, high: number] = [-1, 1],
): Input & { readonly data: Float32Array<ArrayBuffer> } {
  const random = new RandomStream(seed);
  const [low, high] = range;
  const draw = () => low + (high - low) * random.uniform();
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, draw) };
}

/** Random classes, i32. */
export function randomLabels(seed: number, shape: Shape, classes: number): Input {
  const random = new RandomStream(seed);
  return {
    shape,
    data: Int32Array.from({ length: sizeOf(shape) }, () => random.integer(classes)),
  };
}

/** A u32 for each model: counts of real rows, or stages. */
export function perModel(values: readonly number[]): Input {
  return { shape: [values.length], data: Uint32Array.from(values) };
}

/**
 * Runs an operation and compares its output with the reference, its gradients with central
 * differences through the reference, and each model of a stack with the same model alone, bit for bit.
 * The output is weighted with fixed random numbers, for gradients of a plain sum can vanish.
 */
export async function checkOp<Name extends string>(check: OpCase<Name>): Promise<void> {
  const names = Object.keys(check.inputs) as Name[];
  const differentiable = check.differentiable ??
    names.filter((name) => check.inputs[name].data instanceof Float32Array);
  const values = mapValues(check.inputs, ({ shape, data }) => ({
    shape,
    data: Float64Array.from(data),
  }));
  const expected = check.reference(values);
  const cotangent = randomInput(cotangentSeed, expected.shape);

  const { output, gradients } = await runOnGpu(check, check.inputs, differentiable, cotangent);
  compareOutput(check, output, expected);
  for (const name of differentiable) {
    assertEquals(gradients[name].shape, check.inputs[name].shape);
  }
  if (differentiable.length > 0) await compareGradients(check, names, differentiable);

  const models = expected.shape[0];
  if (check.stacked === false || models === 1) return;
  for (let model = 0; model < models; model++) {
    const inputs = mapValues(check.inputs, (input) => oneModel(input, model));
    const alone = await runOnGpu(check, inputs, differentiable, oneModel(cotangent, model));
    const label = `${describe(check)}: model ${model} alone`;
    assertSameBits(`${label}, output`, alone.output, oneModel(output, model));
    for (const name of differentiable) {
      const stacked = oneModel(gradients[name], model);
      assertSameBits(`${label}, gradient of ${name}`, alone.gradients[name], stacked);
    }
  }
}

/** Output and gradients, downloaded; nothing stays on the GPU. */
async function runOnGpu<Name extends string>(
  { run }: OpCase<Name>,
  inputs: Readonly<Record<Name, Input>>,
  differentiable: readonly Name[],
  cotangent: Input,
): Promise<{ output: Input; gradients: Record<Name, Input> }> {
  const live = gpu.live;
  const results = await (async () => {
    using _scope = gpu.scope();
    const tensors = mapValues(
      inputs,
      ({ shape, data }, name) =>
        gpu.tensor(data, shape, { requiresGrad: differentiable.includes(name) }),
    );
    const output = run(tensors);
    if (differentiable.length > 0) backward(output, gpu.tensor(cotangent.data, cotangent.shape));
    const results = [output, ...differentiable.map((name) => gradOf(tensors[name]))];
    return await Promise.all(results.map(download));
  })();
  assertEquals(gpu.live, live, "buffers in use");
  const [output, ...gradients] = results;
  const named = differentiable.map((name, index) => [name, gradients[index]]);
  return { output, gradients: Object.fromEntries(named) };
}

async function download(tensor: Tensor): Promise<Input> {
  return { shape: tensor.shape, data: await tensor.read() as Input["data"] };
}

/** The gradients against central differences through the reference. */
async function compareGradients<Name extends string>(
  check: OpCase<Name>,
  names: readonly Name[],
  differentiable: readonly Name[],
): Promise<void> {
  const named = <T>(values: readonly T[]) =>
    Object.fromEntries(names.map((name, at) => [name, values[at]])) as Record<Name, T>;
  using _scope = gpu.scope();
  const tensors = names.map((name) => {
    const { data, shape } = check.inputs[name];
    return gpu.tensor(data, shape, { requiresGrad: differentiable.includes(name) });
  });
  const { passed, inputs, message } = await checkGradients(
    (...tensors) => check.run(named(tensors)),
    tensors,
    {
      reference: (...values) => check.reference(named(values)),
      tolerance: check.tolerance.backward,
    },
  );
  const { backward: tolerance, reason } = check.tolerance;
  const compared = { op: nameOf(check), result: "gradient", reason };
  for (const { error } of inputs.filter(({ error }) => error <= tolerance)) { // others are of about zero
    noteAccuracy({ ...compared, oracle: "differences of f64 loop", error, tolerance });
  }
  assertEquals(inputs.map(({ input }) => names[input]), names.filter(isIn(differentiable)));
  assert(passed, `${describe(check)} inputs are ${names.join(", ")}. ${message}`);
}

function isIn<T>(list: readonly T[]): (value: T) => boolean {
  return (value) => list.includes(value);
}

/** NaN is equal to nothing, and zeros are exact where everything expected is zero. */
function compareOutput(check: OpCase<string>, actual: Input, expected: Values): void {
  const { forward: tolerance, reason } = check.tolerance;
  const label = `${describe(check)} output`;
  assertEquals(actual.shape, expected.shape, `${label}: shape`);
  const largest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const bound = tolerance * largest + 1e-12; // zeros of a reference may be sums of rounding errors
  let worst = 0;
  expected.data.forEach((value, at) => {
    const deviation = Math.abs(actual.data[at] - value);
    assert(
      deviation <= bound,
      `${label} at ${showIndex(at, actual.shape)} is ${actual.data[at]} ` +
        `but ${value} ± ${bound} is expected`,
    );
    worst = Math.max(worst, deviation);
  });
  const compared = { op: nameOf(check), result: "output", oracle: "f64 loop", reason } as const;
  noteAccuracy({ ...compared, error: largest === 0 ? 0 : worst / largest, tolerance });
}

function nameOf({ op }: OpCase<string>): string {
  return op.split(" ")[0];
}

/** Asserts that two arrays are the same number for number; NaN is equal to nothing. */
export function assertSameBits(label: string, actual: Input, expected: Input): void {
  assertEquals(actual.shape, expected.shape, `${label}: shape`);
  const different = actual.data.findIndex((value, at) => value !== expected.data[at]);
  assert(
    different < 0,
    `${label} at ${showIndex(different, actual.shape)} is ${actual.data[different]} ` +
      `but ${expected.data[different]} in the stack`,
  );
}

function oneModel({ shape, data }: Input, model: number): Input {
  const size = data.length / shape[0];
  const part = data.slice(model * size, (model + 1) * size);
  return { shape: [1, ...shape.slice(1)], data: part };
}

function describe({ op, inputs }: OpCase<string>): string {
  const shapes = Object.entries(inputs).map(([name, { shape }]) => `${name} ${showShape(shape)}`);
  return `${op} of ${shapes.join(", ")}:`;
}

function showIndex(place: number, shape: Shape): string {
  const index: number[] = [];
  for (const size of shape.toReversed()) {
    index.unshift(place % size);
    place = Math.floor(place / size);
  }
  return showShape(index);
}

function mapValues<Name extends string, From, To>(
  record: Readonly<Record<Name, From>>,
  change: (value: From, name: Name) => To,
): Record<Name, To> {
  const entries = (Object.entries(record) as [Name, From][]).map((
    [name, value],
  ) => [name, change(value, name)]);
  return Object.fromEntries(entries);
}
