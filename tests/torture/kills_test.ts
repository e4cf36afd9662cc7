// What the test that kills the program would notice.

import { assertEquals } from "../assert.ts";
import { difference } from "./kills.ts";

Deno.test("difference() notices a byte, a row, and a file more or less", () => {
  const files = (weights: number[], metrics: string) =>
    new Map<string, Uint8Array | string | null>([["log.txt", null], [
      "a.bin",
      Uint8Array.from(weights),
    ], ["metrics.jsonl", metrics]]);
  const expected = files([1, 2], "x");
  const found = (actual: ReturnType<typeof files>) => difference(actual, expected);
  assertEquals(found(files([1, 2], "x")), null);
  assertEquals(found(files([1, 3], "x")), "other than undisturbed: a.bin");
  assertEquals(found(files([1], "y")), "other than undisturbed: a.bin, metrics.jsonl");
  assertEquals(found(new Map([...expected].slice(1))), "other than undisturbed: log.txt");
  assertEquals(found(new Map([...expected, ["b", null]])), "other than undisturbed: b");
});
