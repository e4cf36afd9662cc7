// Which shapes of one row, an image or features, a layer takes, and how many windows an image has.

import { type Shape, showShape } from "../tensor/shape.ts";

/** @throws {TypeError} unless a row is `[C, H, W]`, with so many channels where that is given */
export function expectImage(layer: string, input: Shape, channels?: number): void {
  if (input.length === 3 && (channels === undefined || input[0] === channels)) return;
  throw new TypeError(
    `Cannot apply ${layer}: a row is ${showShape(input)} ` +
      `but an image [${channels ?? "C"}, H, W] is expected`,
  );
}

/** @throws {TypeError} unless a row is so many features */
export function expectFeatures(layer: string, input: Shape, features: number): void {
  if (input.length === 1 && input[0] === features) return;
  throw new TypeError(
    `Cannot apply ${layer}: a row is ${showShape(input)} but features [${features}] are expected` +
      (input.length === 3 ? "; put a GlobalAvgPool2d or a Flatten before it" : ""),
  );
}

/**
 * Height and width of what slides over an image.
 *
 * @throws {RangeError} if no window fits
 */
export function windows(
  layer: string,
  input: Shape,
  options: { kernelSize: number; stride: number; padding?: number },
): readonly [height: number, width: number] {
  const { kernelSize, stride, padding = 0 } = options;
  const [height, width] = input.slice(1).map((size) =>
    Math.floor((size + 2 * padding - kernelSize) / stride) + 1
  );
  if (Math.min(height, width) < 1) {
    throw new RangeError(
      `Cannot apply ${layer}: its windows of ${kernelSize} pixels do not fit into an image ` +
        `${showShape(input)} with padding ${padding}`,
    );
  }
  return [height, width];
}
