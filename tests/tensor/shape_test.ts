// Arithmetic on shapes.

import { broadcastShape, sameShape, showShape, sizeOf, stridesOf } from "../../src/tensor/shape.ts";
import { assertEquals } from "../assert.ts";

Deno.test("sizeOf() counts elements; no axes are one element", () => {
  assertEquals(sizeOf([2, 3, 4]), 24);
  assertEquals(sizeOf([5, 0]), 0);
  assertEquals(sizeOf([]), 1);
});

Deno.test("sameShape() compares axes, not numbers of elements", () => {
  assertEquals(sameShape([2, 3], [2, 3]), true);
  assertEquals(sameShape([2, 3], [3, 2]), false);
  assertEquals(sameShape([6], [6, 1]), false);
  assertEquals(sameShape([], []), true);
});

Deno.test("showShape() writes shapes as PyTorch does", () => {
  assertEquals(showShape([8, 3, 32, 32]), "[8, 3, 32, 32]");
  assertEquals(showShape([]), "[]");
});

Deno.test("broadcastShape() aligns at the last axis and stretches sizes of 1", () => {
  assertEquals(broadcastShape([3, 1, 5], [4, 1]), [3, 4, 5]);
  assertEquals(broadcastShape([], [2]), [2]);
  assertEquals(broadcastShape([1], [0]), [0]);
  assertEquals(broadcastShape([2, 3], [2]), null);
});

Deno.test("stridesOf() is row-major", () => {
  assertEquals(stridesOf([2, 3, 4]), [12, 4, 1]);
  assertEquals(stridesOf([]), []);
});
