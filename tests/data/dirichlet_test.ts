// Dirichlet shares against distributions that are known in closed form.

import { dirichlet } from "../../src/data/dirichlet.ts";
import { RandomStream } from "../../src/random.ts";
import { assert, assertAlmostEquals, assertEquals } from "../assert.ts";
import { assertDistribution } from "./statistics.ts";

/** Each is a test with the false-alarm rate of `statistics.ts`. */
const cases: readonly (readonly [number, number, (share: number) => number])[] = [
  [1, 2, (x) => x],
  [1, 4, (x) => 1 - (1 - x) ** 3],
  [0.5, 2, (x) => 2 / Math.PI * Math.asin(Math.sqrt(x))],
  [2, 2, (x) => 3 * x ** 2 - 2 * x ** 3],
  [0.5, 3, (x) => Math.sqrt(x)], // Beta(1/2, 1)
  [1, 3, (x) => 1 - (1 - x) ** 2],
];

for (const [alpha, count, cumulative] of cases) {
  Deno.test(`dirichlet() of ${count} parts with alpha ${alpha} has its distribution in every part`, () => {
    const random = new RandomStream(7, count);
    const draws = Array.from({ length: 4000 }, () => dirichlet(random, alpha, count));
    for (let part = 0; part < count; part++) {
      const shares = draws.map((shares) => shares[part]);
      assertDistribution(`share ${part}`, shares, cumulative);
    }
  });
}

Deno.test("dirichlet() gives shares that add up to 1, even of which most are tiny", () => {
  for (const alpha of [1e-4, 0.01, 1, 100, 1e6]) {
    const shares = dirichlet(new RandomStream(1), alpha, 10);
    assert(shares.every((share) => share >= 0 && share <= 1), `${shares}`);
    assertAlmostEquals(shares.reduce((sum, share) => sum + share, 0), 1, 1e-12);
  }
});

Deno.test("dirichlet() makes parts alike for large alpha, and one part large for small", () => {
  const largest = (alpha: number) => Math.max(...dirichlet(new RandomStream(2), alpha, 5));
  assert(largest(1e6) < 0.21);
  assert(largest(1e-3) > 0.99);
});

Deno.test("dirichlet() repeats with its stream", () => {
  const draw = () => dirichlet(new RandomStream(3), 0.3, 4);
  assertEquals(draw(), draw());
});
