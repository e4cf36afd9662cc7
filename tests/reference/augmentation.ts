// The augmentation of one image in f64 loops, a step at a time.

import { type Draw, normalsOf } from "../data/draws.ts";

/** A square RGB image, bytes `[size, size, 3]`. */
interface Picture {
  readonly size: number;
  readonly bytes: ArrayLike<number>;
}

/** The value of a channel at a line and a column. */
type Rule = (line: number, column: number, channel: number) => number;

/** The bytes of an augmented image. */
export function augmentReference({ size, bytes }: Picture, draw: Draw): number[] {
  let picture: Picture = { size, bytes };
  const apply = (rule: Rule) => picture = { size, bytes: everyValue(size, rule) };
  apply(flipped(picture, draw));
  apply(added(picture, () => draw.brightness));
  if (draw.smoothing === "median") apply(median(picture, draw.kernelSize));
  if (draw.smoothing === "gaussian") apply(gaussian(picture, draw.kernelSize));
  if (draw.smoothing === "noise") apply(noisy(picture, draw));
  apply(warped(picture, draw));
  return Array.from(picture.bytes);
}

function everyValue(size: number, rule: Rule): number[] {
  return Array.from({ length: size * size * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return rule(Math.floor(pixel / size), pixel % size, i % 3);
  });
}

function at({ size, bytes }: Picture, line: number, column: number, channel: number): number {
  return bytes[(line * size + column) * 3 + channel];
}

function flipped(picture: Picture, { vertical, horizontal }: Draw): Rule {
  const last = picture.size - 1;
  return (line, column, channel) =>
    at(picture, vertical ? last - line : line, horizontal ? last - column : column, channel);
}

function added(picture: Picture, levels: Rule): Rule {
  return (...place) =>
    Math.trunc(Math.min(255, Math.max(0, at(picture, ...place) + levels(...place))));
}

function noisy(picture: Picture, { variance, key }: Draw): Rule {
  const field = Array.from(
    { length: picture.size ** 2 },
    (_, pixel) => normalsOf(key, pixel).map((value) => value * Math.sqrt(variance)),
  );
  return added(picture, (line, column, channel) => field[line * picture.size + column][channel]);
}

/** Distances −1 … 1 or −2 … 2. */
function reach(kernelSize: number): number[] {
  return Array.from({ length: kernelSize }, (_, i) => i - (kernelSize - 1) / 2);
}

function median(picture: Picture, kernelSize: number): Rule {
  const replicate = (place: number) => Math.min(picture.size - 1, Math.max(0, place));
  const distances = reach(kernelSize);
  return (line, column, channel) => {
    const values = distances.flatMap((dy) =>
      distances.map((dx) => at(picture, replicate(line + dy), replicate(column + dx), channel))
    );
    return values.sort((a, b) => a - b)[(values.length - 1) / 2];
  };
}

function gaussian(picture: Picture, kernelSize: number): Rule {
  const last = picture.size - 1;
  const reflect = (place: number) => last - Math.abs(last - Math.abs(place));
  const weights = kernelSize === 3 ? [1, 2, 1] : [1, 4, 6, 4, 1];
  const distances = reach(kernelSize);
  const whole = kernelSize === 3 ? 16 : 256;
  return (line, column, channel) => {
    let sum = 0;
    distances.forEach((dy, i) =>
      distances.forEach((dx, j) => {
        const value = at(picture, reflect(line + dy), reflect(column + dx), channel);
        sum += weights[i] * weights[j] * value;
      })
    );
    return Math.floor(sum / whole + 0.5);
  };
}

function warped(picture: Picture, { angle, scale, shiftX, shiftY }: Draw): Rule {
  const { size } = picture;
  const [cos, sin] = [Math.cos(angle * Math.PI / 180), Math.sin(angle * Math.PI / 180)];
  const inside = (place: number) => place >= 0 && place < size;
  const tap: Rule = (line, column, channel) =>
    inside(line) && inside(column) ? at(picture, line, column, channel) : 0;
  return (line, column, channel) => {
    const [x, y] = [column - size * (0.5 + shiftX), line - size * (0.5 + shiftY)];
    const fromColumn = (cos * x - sin * y) / scale + size / 2;
    const fromLine = (sin * x + cos * y) / scale + size / 2;
    const [left, top] = [Math.floor(fromColumn), Math.floor(fromLine)];
    const [right, lower] = [fromColumn - left, fromLine - top];
    const upperValue = tap(top, left, channel) * (1 - right) + tap(top, left + 1, channel) * right;
    const lowerValue = tap(top + 1, left, channel) * (1 - right) +
      tap(top + 1, left + 1, channel) * right;
    return Math.floor(upperValue * (1 - lower) + lowerValue * lower + 0.5);
  };
}
