// Area averaging against the definition, computed in f64.

import { areaAverage } from "../../src/data/resize.ts";
import { RandomStream } from "../../src/random.ts";
import { assertEquals } from "../assert.ts";

function randomImage(width: number, height: number) {
  const random = new RandomStream(width, height);
  const pixels = Uint8Array.from({ length: width * height * 3 }, () => random.integer(256));
  return { width, height, pixels };
}

/** Mean over the covered rectangle, by summing every source pixel times its overlap. */
function reference({ width, height, pixels }: ReturnType<typeof randomImage>, size: number) {
  const overlap = (source: number, target: number, scale: number) =>
    Math.max(0, Math.min(source + 1, (target + 1) * scale) - Math.max(source, target * scale));
  return Float64Array.from({ length: size * size * 3 }, (_, index) => {
    const [x, y] = [Math.floor(index / 3) % size, Math.floor(index / 3 / size)];
    const [scaleX, scaleY] = [width / size, height / size];
    let sum = 0;
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        sum += overlap(column, x, scaleX) * overlap(row, y, scaleY) *
          pixels[(row * width + column) * 3 + index % 3];
      }
    }
    return sum / (scaleX * scaleY);
  });
}

for (
  const [width, height, size] of [[5, 5, 2], [64, 64, 24], [3, 3, 3], [7, 5, 3], [8, 8, 1], [
    3,
    2,
    8,
  ]]
) {
  Deno.test(`areaAverage() is the mean over the covered area, ${width}x${height} to ${size}`, () => {
    const image = randomImage(width, height);
    const expected = reference(image, size);
    const actual = areaAverage(image, size);
    assertEquals(actual.length, size * size * 3);
    // Half a byte for rounding; the reference's own error is far below 1e-9.
    const worst = expected.reduce(
      (most, value, k) => Math.max(most, Math.abs(value - actual[k])),
      0,
    );
    assertEquals(worst <= 0.5 + 1e-9, true, `worst deviation ${worst}`);
  });
}

Deno.test("areaAverage() weights the pixels at a border by their overlap", () => {
  // 5 → 2: each target pixel covers 2.5 source pixels. (10 + 20 + 30 / 2) / 2.5 = 18, (30 / 2 + 40 + 50) / 2.5 = 42
  const row = [10, 20, 30, 40, 50].flatMap((value) => [value, value, value]);
  const image = {
    width: 5,
    height: 5,
    pixels: Uint8Array.from({ length: 75 }, (_, k) => row[k % 15]),
  };
  assertEquals([...areaAverage(image, 2)], [18, 18, 18, 42, 42, 42, 18, 18, 18, 42, 42, 42]);
});

Deno.test("areaAverage() rounds halves up", () => {
  const pixels = Uint8Array.from([0, 1, 254, 1, 1, 255, 1, 2, 255, 0, 2, 254]);
  // Sums 2, 6 and 1018 over four pixels: 0.5, 1.5 and 254.5.
  assertEquals([...areaAverage({ width: 2, height: 2, pixels }, 1)], [1, 2, 255]);
});

Deno.test("areaAverage() returns the bytes of an image of the wanted size", () => {
  const image = randomImage(3, 3);
  assertEquals(areaAverage(image, 3), image.pixels);
});
