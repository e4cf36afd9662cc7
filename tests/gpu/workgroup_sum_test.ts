// Sums over a workgroup have one order whatever its size: bits stay when the way of adding changes.

import { kernelFile } from "../../src/gpu/kernel.ts";
import { sharedWgsl } from "../../src/gpu/shared_wgsl.ts";
import { RandomStream } from "../../src/random.ts";
import { emptyTensor } from "../../src/tensor/tensor.ts";
import { assertEquals } from "../assert.ts";
import { gpu } from "../gpu.ts";

const source = `override workgroup_size: u32 = 8;
@group(0) @binding(1) var<storage, read> x: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> totals: array<vec2f>;

// Two sums, one after the other, of one workgroup after the other.
@compute @workgroup_size(workgroup_size)
fn total(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let own = x[group.x * workgroup_size + local];
  let first = workgroup_sum(own, local);
  let second = workgroup_sum(own.yx * f32(local), local);
  if (local + 1 == workgroup_size) {
    totals[2 * group.x] = first;
    totals[2 * group.x + 1] = second;
  }
}`;
const file = kernelFile("total.wgsl", source, sharedWgsl.workgroupSum);

/** In single precision, from the first to the last. */
function inOrder(values: readonly number[]): number {
  return values.reduce((sum, value) => Math.fround(sum + value), 0);
}

for (const size of [1, 2, 3, 7, 8, 9, 13, 31, 64, 100, 256]) {
  Deno.test(`a workgroup of ${size} adds up from the first invocation to the last, bit for bit`, async () => {
    using _scope = gpu.scope();
    const groups = 5;
    const stream = new RandomStream(size, 1);
    const data = Float32Array.from(
      { length: 2 * size * groups },
      () => (2 * stream.uniform() - 1) * 2 ** Math.floor(30 * stream.uniform() - 15),
    );
    const totals = emptyTensor(gpu, [groups, 2, 2]);
    gpu.dispatch({
      file,
      entryPoint: "total",
      constants: { workgroup_size: size },
      buffers: { x: gpu.tensor(data), totals },
      workgroups: [groups],
    });
    const expected = Array.from({ length: groups }, (_, group) => {
      const own = Array.from({ length: size }, (_, i) => {
        const [re, im] = data.subarray(2 * (group * size + i));
        return [re, im, Math.fround(im * i), Math.fround(re * i)];
      });
      return [0, 1, 2, 3].map((k) => inOrder(own.map((values) => values[k])));
    });
    assertEquals(Array.from(await totals.read()), expected.flat());
  });
}
