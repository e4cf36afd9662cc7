// Checks that public functions make of their arguments, once, before anything is dispatched.

import { sameShape, type Shape, showShape } from "./shape.ts";
import { type Dtype, Tensor } from "./tensor.ts";

/**
 * Refuses what would be ignored: Deno does not check types while it runs.
 *
 * @param known names of the options
 * @param needed those without which there is nothing to do
 * @throws {TypeError} for anything but an object of these options, with the nearest of them
 */
export function expectOptions(
  op: string,
  options: unknown,
  known: readonly string[],
  needed: readonly string[] = [],
): void {
  const list = known.join(", ");
  if (typeof options !== "object" || options === null || options instanceof Tensor) {
    throw new TypeError(
      `Cannot apply ${op}: its options are ${show(options)} but an object with ${list} is expected`,
    );
  }
  const names = Object.keys(options);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(
      `Cannot apply ${op}: there is no option "${unknown}"${
        nearest(unknown, known)
      }; known: ${list}`,
    );
  }
  const values = options as Readonly<Record<string, unknown>>;
  const missing = needed.find((name) => values[name] === undefined);
  if (missing !== undefined) {
    throw new TypeError(`Cannot apply ${op}: the option ${missing} is missing`);
  }
}

/** ", did you mean …" for a name that is spelled in another way, or is part of one. */
function nearest(name: string, known: readonly string[]): string {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z]/g, "");
  const [wanted] = [plain(name)];
  const near = known.find((other) =>
    plain(other).startsWith(wanted) || wanted.startsWith(plain(other))
  );
  return near === undefined ? "" : `, did you mean ${near}?`;
}

/**
 * @param given the `arguments` of the function
 * @param why there are no more of them, where that is not plain
 * @throws {TypeError} if there are more than it takes
 */
export function expectNoMore(op: string, given: ArrayLike<unknown>, most: number, why = ""): void {
  if (given.length <= most) return;
  const count = most === 1 ? "one argument" : `${most} arguments`;
  throw new TypeError(
    `Cannot apply ${op}: ${show(given[most])} is one argument too many, it takes ${count}${why}`,
  );
}

/** @throws {TypeError} unless each value is true or false, or undefined: a text such as "false" would count as true */
export function expectSwitches(op: string, values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || typeof value === "boolean") continue;
    throw new TypeError(
      `Cannot apply ${op}: ${name} is ${show(value)} but true or false is expected`,
    );
  }
}

/** @throws {TypeError} unless it is a tensor */
export function expectTensor(op: string, name: string, value: unknown): asserts value is Tensor {
  if (value instanceof Tensor) return;
  throw new TypeError(`Cannot apply ${op}: ${name} is ${show(value)} but a tensor is expected`);
}

/** @throws {TypeError} unless it is a list, such as a shape */
export function expectList(op: string, name: string, value: unknown): void {
  if (Array.isArray(value)) return;
  const example = typeof value === "number" ? ` such as [${value}]` : "";
  throw new TypeError(
    `Cannot apply ${op}: ${name} is ${show(value)} but a list${example} is expected`,
  );
}

/** @throws {TypeError} unless it is a name that a layer can have */
export function expectName(op: string, name: unknown): void {
  if (typeof name === "string" && name !== "") return;
  throw new TypeError(
    `Cannot apply ${op}: its name is ${show(name)} but a text such as "conv1" is expected`,
  );
}

/** What `record` is given. @throws {TypeError} for what is no tensor, and for a backward that is no function */
export function expectTapeNode(output: unknown, parents: unknown, backward: unknown): void {
  expectTensor("record", "output", output);
  expectList("record", "parents", parents);
  (parents as unknown[]).forEach((parent, at) => expectTensor("record", `parent ${at}`, parent));
  if (typeof backward !== "function") {
    throw new TypeError(`Cannot apply record: backward is ${backward} but a function is expected`);
  }
}

/** What `backward` is given. @throws {TypeError} if there is nothing to differentiate, or for another gradient than the output's */
export function expectDifferentiable(output: Tensor, gradient: Tensor | undefined): void {
  expectTensor("backward", "output", output);
  if (gradient !== undefined) expectTensor("backward", "gradient", gradient);
  if (!output.requiresGrad) {
    throw new TypeError("Cannot differentiate: no input of the output requires a gradient");
  }
  if (!gradient) return;
  if (gradient.gpu !== output.gpu) {
    throw new TypeError("Cannot differentiate: the gradient belongs to another Gpu");
  }
  if (!sameShape(gradient.shape, output.shape) || gradient.dtype !== output.dtype) {
    throw new TypeError(
      `Cannot differentiate: the gradient is ${gradient.dtype} ${showShape(gradient.shape)} ` +
        `but the output is ${output.dtype} ${showShape(output.shape)}`,
    );
  }
}

/** A shape, and what messages call it. */
interface NamedShape {
  readonly name: string;
  readonly shape: Shape;
}

/**
 * Refuses to broadcast where models could be taken for rows: NumPy aligns at the last axis, but the stack is the first.
 *
 * @throws {TypeError} if one has fewer axes, and its first is as long as the other's stack
 */
export function expectStackAligned(op: string, left: NamedShape, right: NamedShape): void {
  const [longer, shorter] = left.shape.length > right.shape.length ? [left, right] : [right, left];
  const [models] = shorter.shape;
  if (shorter.shape.length === longer.shape.length || models !== longer.shape[0]) return;
  if (models === undefined || models === 1) return;
  const ones = new Array(longer.shape.length - shorter.shape.length).fill(1);
  const [, ...rest] = shorter.shape;
  throw new TypeError(
    `Cannot apply ${op}: ${shorter.name} ${showShape(shorter.shape)} beside ${longer.name} ` +
      `${showShape(longer.shape)} can be meant in two ways; reshape it to ` +
      `${showShape([models, ...ones, ...rest])} for each model its own, or to ` +
      `${showShape([...ones, models, ...rest])} for all models the same`,
  );
}

/** @throws {TypeError} unless all tensors that are given lie on the Gpu of the first */
export function expectOneGpu(op: string, tensors: Readonly<Record<string, Tensor | undefined>>) {
  const given = Object.entries(tensors).filter(([, tensor]) => tensor !== undefined);
  const [[first, { gpu }]] = given as [string, Tensor][];
  const [stranger] = given.find(([, tensor]) => tensor!.gpu !== gpu) ?? [];
  if (stranger === undefined) return;
  throw new TypeError(`Cannot apply ${op}: ${stranger} belongs to another Gpu than ${first}`);
}

/**
 * Checks integers that the host has uploaded. Those that a kernel has made nobody knows here.
 *
 * @throws {RangeError} unless each is at least `least` and at most `most`
 */
export function expectWithin(
  op: string,
  name: string,
  tensor: Tensor,
  least: number,
  most: number,
) {
  const { range } = tensor;
  if (!range || range.least >= least && range.most <= most) return;
  const wrong = range.least < least ? range.least : range.most;
  throw new RangeError(
    `Cannot apply ${op}: ${name} holds ${wrong} but ${least} to ${most} is expected`,
  );
}

/** A value in a message. */
function show(value: unknown): string {
  if (value instanceof Tensor) return `a tensor of shape ${showShape(value.shape)}`;
  if (typeof value === "string") return `"${value}"`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? "a list" : `an object ${value.constructor?.name ?? ""}`.trimEnd();
}

/** @throws {TypeError} unless the value is one of the choices */
export function expectChoice(
  op: string,
  name: string,
  value: unknown,
  choices: readonly string[],
): void {
  if (choices.some((choice) => choice === value)) return;
  throw new TypeError(
    `Cannot apply ${op}: ${name} is ${JSON.stringify(value)} but one of ${
      choices.join(", ")
    } is expected`,
  );
}

/** @throws {TypeError} unless the tensor has one of these numbers of axes */
export function expectAxes(op: string, name: string, tensor: Tensor, ...axes: number[]): void {
  expectTensor(op, name, tensor);
  if (!axes.includes(tensor.shape.length)) {
    throw new TypeError(
      `Cannot apply ${op}: ${name} has shape ${showShape(tensor.shape)} ` +
        `but ${axes.join(" or ")} axes are expected`,
    );
  }
}

/** @throws {TypeError} unless the tensor has this shape and type */
export function expectShape(
  op: string,
  name: string,
  tensor: Tensor,
  shape: Shape,
  dtype: Dtype = "f32",
): void {
  expectTensor(op, name, tensor);
  if (!sameShape(tensor.shape, shape) || tensor.dtype !== dtype) {
    throw new TypeError(
      `Cannot apply ${op}: ${name} is ${tensor.dtype} ${showShape(tensor.shape)} ` +
        `but ${dtype} ${showShape(shape)} is expected`,
    );
  }
}

/** @throws {TypeError} unless the tensor holds 32-bit floats */
export function expectFloats(op: string, name: string, tensor: Tensor): void {
  expectTensor(op, name, tensor);
  if (tensor.dtype !== "f32") {
    throw new TypeError(`Cannot apply ${op}: ${name} is ${tensor.dtype} but f32 is expected`);
  }
}

/** @throws {RangeError} unless each value is a whole number of at least `least` */
export function expectWhole(op: string, values: Readonly<Record<string, number>>, least: number) {
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isInteger(value) || value < least) {
      throw new RangeError(
        `Cannot apply ${op}: ${name} is ${value} but a whole number of at least ${least} is expected`,
      );
    }
  }
}

/** @throws {RangeError} unless each value is a finite number above 0 */
export function expectPositive(op: string, values: Readonly<Record<string, number>>) {
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isFinite(value) || value <= 0) {
      throw new RangeError(
        `Cannot apply ${op}: ${name} is ${value} but a finite number above 0 is expected`,
      );
    }
  }
}

/** @throws {RangeError} unless each value is a finite number */
export function expectFinite(op: string, values: Readonly<Record<string, number>>) {
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isFinite(value)) {
      throw new RangeError(
        `Cannot apply ${op}: ${name} is ${value} but a finite number is expected`,
      );
    }
  }
}

/**
 * Which axes of a shape are named; negative ones count from the end.
 *
 * @throws {RangeError} for an axis that does not exist or is named twice
 */
export function markAxes(op: string, axes: readonly number[], shape: Shape): boolean[] {
  const marked = shape.map(() => false);
  for (const axis of axes) {
    const index = axis < 0 ? axis + shape.length : axis;
    if (!(index in marked) || marked[index]) {
      throw new RangeError(
        `Cannot apply ${op}: axes are [${axes.join(", ")}] but different axes ` +
          `of shape ${showShape(shape)} are expected`,
      );
    }
    marked[index] = true;
  }
  return marked;
}
