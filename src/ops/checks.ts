// Checks that operations make of their arguments, once, before anything is dispatched.

import { sameShape, type Shape, showShape } from "../tensor/shape.ts";
import type { Dtype, Tensor } from "../tensor/tensor.ts";

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
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot apply ${op}: its options are ${options} but an object with ${list} is expected`,
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

/** @throws {TypeError} if there are more arguments than the operation takes */
export function expectNoMore(op: string, surplus: readonly unknown[], why: string): void {
  if (surplus.length === 0) return;
  throw new TypeError(`Cannot apply ${op}: the argument ${surplus[0]} is one too many; ${why}`);
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
  if (!sameShape(tensor.shape, shape) || tensor.dtype !== dtype) {
    throw new TypeError(
      `Cannot apply ${op}: ${name} is ${tensor.dtype} ${showShape(tensor.shape)} ` +
        `but ${dtype} ${showShape(shape)} is expected`,
    );
  }
}

/** @throws {TypeError} unless the tensor holds 32-bit floats */
export function expectFloats(op: string, name: string, tensor: Tensor): void {
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
