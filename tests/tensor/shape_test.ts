// Arithmetic on shapes.

import { sameShape, showShape, sizeOf } from "../../src/tensor/shape.ts";
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
