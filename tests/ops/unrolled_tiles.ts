// A program: runs products and convolutions in tiles with loops and without, and fails where bits differ.

import { shapeKey } from "../../src/ops/kernel_choice.ts";
import { product } from "../../src/ops/kernel_table.ts";
import { matmul } from "../../src/ops/matmul.ts";
import { assertEquals } from "../assert.ts";
import { randomInput } from "../check_op.ts";
import { gpu } from "../gpu.ts";
import { convolved } from "./small_convolution.ts";

/** An invocation loads two vectors of one side and eight of the other, and the other way round; four of both. */
const products = [
  { rows: 30, terms: 33, columns: 120, tile: "32x128" },
  { rows: 120, terms: 16, columns: 30, tile: "128x32" },
  { rows: 60, terms: 20, columns: 50, tile: "64x64" },
];

const { adapter, kernels } = gpu;
for (const { tile, ...shape } of products) {
  const sizes = { matrices: 2, ...shape };
  const key = shapeKey(product, { sizes, leftTransposed: false, rightTransposed: false });
  gpu.kernels = new Map([[key, `tiles.wgsl multiply ${tile}/1`]]);
  await both(async () => {
    using _scope = gpu.scope();
    const [left, right] = [[shape.rows, shape.terms], [shape.terms, shape.columns]].map(
      (sides, seed) => gpu.tensor(randomInput(seed, [2, ...sides]).data, [2, ...sides]),
    );
    return [await matmul(left, right).read() as Float32Array];
  });
}
gpu.kernels = kernels;
await both(convolved);

async function both(run: () => Promise<Float32Array[]>): Promise<void> {
  const results: Float32Array[][] = [];
  for (const unrolls of [false, true]) {
    Object.assign(gpu, { adapter: { ...adapter, kind: "gpu", unrolls } });
    results.push(await run());
  }
  assertEquals(results[1], results[0]);
}
