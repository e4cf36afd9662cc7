// Averaging against a loop in double precision.

import { averageOverClients } from "../../src/federated/aggregate/average.ts";
import { assertEquals } from "../assert.ts";
import { randomInput } from "../check_op.ts";
import { assertAllClose } from "../close.ts";
import { gpu } from "../gpu.ts";

/** The mean of each element over clients, who count as `counts` says; `weights` are `[clients, size]`. */
function meanReference(weights: Float32Array, counts: readonly number[]): Float64Array {
  const size = weights.length / counts.length;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return Float64Array.from({ length: size }, (_, i) => {
    const terms = counts.map((count, k) => count * weights[k * size + i]);
    return terms.reduce((sum, term) => sum + term, 0) / total;
  });
}

Deno.test("averageOverClients() gives the mean to any number of clients, whatever the size", async () => {
  for (const clients of [1, 2, 3, 4, 5]) {
    for (const shape of [[1], [63], [64], [5, 13], [257], [3, 2, 3, 3]]) {
      using _scope = gpu.scope();
      const { data, shape: stacked } = randomInput(clients, [clients, ...shape]);
      const average = averageOverClients(gpu.tensor(data, stacked));
      assertEquals(average.shape, stacked);
      const values = await average.read() as Float32Array;
      const expected = meanReference(data, new Array(clients).fill(1));
      const size = expected.length;
      for (let k = 0; k < clients; k++) {
        const label = `client ${k} of ${clients}, [${shape}]`;
        const own = values.subarray(k * size, (k + 1) * size);
        assertAllClose(label, own, expected, 3e-7); // five roundings of sums up to 5, divided by 5
      }
    }
  }
});

Deno.test("averageOverClients() weights clients as it is told to", async () => {
  using _scope = gpu.scope();
  const counts = [5, 1, 2.5];
  const { data, shape } = randomInput(9, [3, 4, 17]);
  const clientWeights = gpu.tensor(Float32Array.from(counts));
  const average = averageOverClients(gpu.tensor(data, shape), { clientWeights });
  const expected = meanReference(data, counts);
  const size = expected.length;
  const values = await average.read() as Float32Array;
  for (let k = 0; k < counts.length; k++) {
    const own = values.subarray(k * size, (k + 1) * size);
    assertAllClose(`client ${k}`, own, expected, 3e-7); // five roundings of sums up to 8.5, divided by 8.5
  }
});

Deno.test("averageOverClients() keeps the weights of a single client bit for bit", async () => {
  using _scope = gpu.scope();
  const { data, shape } = randomInput(7, [1, 5, 13]);
  assertEquals(await averageOverClients(gpu.tensor(data, shape)).read(), data);
});
