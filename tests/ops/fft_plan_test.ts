// Plans of Fourier transforms: what holds for every length, checked without a GPU.

import { longestTransform, planStages, planTransform } from "../../src/ops/fft_plan.ts";
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
    const { first, others, last } = planStages(length);
    assert(others.length <= maxStages, `${length} takes ${others.length} stages`);
    assertEquals(others.reduce((product, radix) => product * radix, first * last), length);
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

Deno.test("lengths of twos and up to one three have fast stages, others those that any length has", () => {
  const fast = { last: 8, anyRadix: false };
  assertEquals(planStages(64), { first: 8, others: [], ...fast });
  assertEquals(planStages(256), { first: 8, others: [4], ...fast });
  assertEquals(planStages(96), { first: 12, others: [], ...fast });
  assertEquals(planStages(768), { first: 12, others: [8], ...fast });
  const any = { first: 1, last: 1, anyRadix: true };
  assertEquals(planStages(1), { others: [], ...any });
  assertEquals(planStages(16), { others: [4, 4], ...any });
  assertEquals(planStages(2 * 3 * 5 * 7), { others: [2, 3, 5, 7], ...any });
  assertEquals(planStages(576), { others: [8, 8, 3, 3], ...any });
});
