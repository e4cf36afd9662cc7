// Arithmetic on shapes; no data, no GPU.

/** Sizes of the axes, outermost first. */
export type Shape = readonly number[];

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** A shape for messages: `[8, 3, 32, 32]`. */
export function showShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}
