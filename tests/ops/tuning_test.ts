// Measuring kernels: what is asked for, what is tried, and what is kept of it.

import { conv2d } from "../../src/ops/conv2d.ts";
import { matmul } from "../../src/ops/matmul.ts";
import { kernelsOf, shapesOf, type TunedShape, tuneFor } from "../../src/ops/tuning.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { LookedAtClock } from "../clock.ts";
import { gpu, kernelTest } from "../gpu.ts";

/** A convolution and a product with their gradients. */
function issue(): void {
  const zeros = (shape: number[]) => {
    const tensor = gpu.zeros(shape);
    tensor.requiresGrad = true;
    return tensor;
  };
  const y = conv2d(zeros([2, 3, 2, 5, 8]), zeros([2, 4, 2, 3, 3]), { padding: 1 });
  backward(y, zeros([2, 3, 4, 5, 8]));
  backward(matmul(zeros([2, 3, 4]), zeros([2, 4, 5])), zeros([2, 3, 5]));
}

const shapes = shapesOf(gpu, issue);

Deno.test("shapesOf() finds each shape once, without running or keeping anything", () => {
  assertEquals(shapes.map((shape) => shape.split(" {")[0]), [
    "convolution",
    "convolution",
    "weight gradient",
    "product",
    "product",
    "product",
  ]);
  assertStringIncludes(shapes[1], '"transposed":true');
  assert(shapes.every((shape) => !shape.includes("stack") && !shape.includes("matrices")));
  const live = gpu.live;
  assertEquals(shapesOf(gpu, () => (issue(), issue())), shapes);
  assertEquals(gpu.live, live);
  assertEquals(gpu.kernels.size, 0);
});

kernelTest(
  "tuneFor() measures each shape, most work first, with the rule's kernel and others",
  async () => {
    const told: TunedShape[] = [];
    const some = [shapes[3], shapes[0]];
    const found = await tuneFor(gpu, some, {
      models: 2,
      seconds: 1e9,
      onShape: (shape, done, total) => {
        told.push(shape);
        assertEquals([done, total], [told.length, some.length]);
      },
    });
    assertEquals(told, found);
    assertEquals(found.map(({ shape }) => shape), some.toReversed());
    for (const { tried, rule, ruleTime, best, bestTime } of found) {
      assert(tried >= 4, `${tried} of ${rule}`);
      assert(bestTime > 0 && bestTime <= ruleTime, `${bestTime} ms, ${ruleTime} ms by rule`);
      assert(best === rule || bestTime < ruleTime);
    }
    const kernels = kernelsOf(found);
    assertEquals(
      [...kernels.values()],
      found.filter(({ best, rule }) => best !== rule).map(({ best }) => best),
    );
    assertEquals(gpu.kernels.size, 0); // whoever wants them sets them
  },
);

Deno.test("tuneFor() begins no shape after its time, but measures one", async () => {
  const { clock } = gpu;
  gpu.clock = new LookedAtClock(1000);
  const found = await tuneFor(gpu, shapes.slice(3), { models: 2, seconds: 0 });
  gpu.clock = clock;
  assertEquals(found.length, 1);
});

Deno.test("tuneFor() refuses what is no shape", async () => {
  for (const shape of ["", "convolution", "pooling {}"]) {
    await assertRejects(() => tuneFor(gpu, [shape]), TypeError, `Cannot tune for "${shape}"`);
  }
});
