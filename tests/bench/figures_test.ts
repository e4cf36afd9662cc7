// Figures of benches, from times and counted work.

import { figuresOf, figuresText } from "../../bench/figures.ts";
import { assertEquals } from "../assert.ts";

const ceilings = { arithmetic: 100e9, memory: 4e9 };

Deno.test("figuresOf() gives rates and shares at the median time, of what was counted alone", () => {
  const times = [2000, 40, 50, 10, 90];
  assertEquals(figuresOf(times, {}, ceilings), { ms: 50 });
  assertEquals(figuresOf(times, { gigaflop: 1 }, ceilings), {
    ms: 50,
    gflops: 20,
    arithmeticShare: 0.2,
  });
  assertEquals(figuresOf(times, { gigaflop: 0.5, gigabyte: 0.2 }, ceilings), {
    ...{ ms: 50, gflops: 10, arithmeticShare: 0.1, gbs: 4, memoryShare: 1 },
  });
});

Deno.test("figuresText() names units and shares in percent", () => {
  assertEquals(figuresText({ ms: 1234.5 }), "    1235 ms");
  assertEquals(
    figuresText({ ms: 0.5, gflops: 33.06, arithmeticShare: 0.28, gbs: 2, memoryShare: 1.02 }),
    "   0.500 ms    33.06 GFLOP/s  28 %     2.00 GB/s 102 %",
  );
});
