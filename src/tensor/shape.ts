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

/** The shape that two shapes broadcast to, aligned at the last axis; null if some axis does not fit. */
export function broadcastShape(a: Shape, b: Shape): Shape | null {
  const axes = Math.max(a.length, b.length);
  const [left, right] = [a, b].map((shape) => padded(shape, axes));
  const fits = left.every((size, axis) => size === right[axis] || size === 1 || right[axis] === 1);
  return fits ? left.map((size, axis) => size === 1 ? right[axis] : size) : null;
}

/** The shape with axes of size 1 in front, `axes` in all. */
export function padded(shape: Shape, axes: number): Shape {
  return [...new Array<number>(axes - shape.length).fill(1), ...shape];
}

/** How far apart neighbours along each axis lie in a row-major array. */
export function stridesOf(shape: Shape): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}
