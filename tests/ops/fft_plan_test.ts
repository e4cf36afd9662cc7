// Plans of Fourier transforms: what holds for every length, checked without a GPU.

import { factorize, longestTransform, planTransform } from "../../src/ops/fft_plan.ts";
import { assert, assertEquals } from "../assert.ts";

/** What fits the least workgroup memory of WebGPU. */
const longest = 1024;
/** Four bits each in a 32-bit parameter. */
const maxStages = 8;

Deno.test("every length has a plan whose passes fit the kernel and the least workgroup memory", () => {
  const factorized = new Set<number>();
  for (let n = 1; n <= longestTransform; n++) {
    const { passes, convolution } = planTransform(n, longest, { inverse: false, scale: 1 });
    const whole = convolution?.length ?? n;
    assertEquals([passes[0].inputLength, passes.at(-1)!.outputLength], [n, n]);
    if (convolution) assert(whole >= 2 * n - 1, `the convolution of ${n} is only ${whole} long`);
    for (const { length, parts } of [...passes, ...convolution?.filterPasses ?? []]) {
      assert(length <= longest && length * parts === whole, `${n}: ${parts} parts of ${length}`);
      factorized.add(length);
    }
  }
  for (const length of factorized) {
    const radices = factorize(length);
    assert(radices.length <= maxStages, `${length} takes ${radices.length} stages`);
    assertEquals(radices.reduce((product, radix) => product * radix, 1), length);
  }
});

Deno.test("lines that fit are transformed in one pass, longer ones in two, other primes in a convolution", () => {
  const passesOf = (n: number, line: number) =>
    planTransform(n, line, { inverse: true, scale: 1 }).passes.map(({ length }) => length);
  assertEquals(passesOf(1024, 1024), [1024]);
  assertEquals(passesOf(2048, 2048), [2048]);
  assertEquals(passesOf(2048, 1024), [64, 32]);
  assertEquals(passesOf(11, 1024), [24, 24]);
  assertEquals(passesOf(65521, 1024), [512, 256, 512, 256]);
});

Deno.test("the fewest radices make up a length", () => {
  assertEquals(factorize(1), []);
  assertEquals(factorize(16), [4, 4]);
  assertEquals(factorize(768), [8, 8, 4, 3]);
  assertEquals(factorize(2 * 3 * 5 * 7), [2, 3, 5, 7]);
});
