// Averaging against a loop in double precision.

import { averageOverClients } from "../../src/federated/aggregate/average.ts";
import { assertEquals } from "../assert.ts";
import { randomInput } from "../check_op.ts";
import { assertAllClose } from "../close.ts";
import { gpu } from "../gpu.ts";

/** The mean of each element over clients; `weights` are `[clients, size]`. */
function meanReference(weights: Float32Array, clients: number): Float64Array {
  const size = weights.length / clients;
  return Float64Array.from({ length: size }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < clients; k++) sum += weights[k * size + i];
    return sum / clients;
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
      const expected = meanReference(data, clients);
      const size = expected.length;
      for (let k = 0; k < clients; k++) {
        const label = `client ${k} of ${clients}, [${shape}]`;
        const own = values.subarray(k * size, (k + 1) * size);
        assertAllClose(label, own, expected, 3e-7); // five roundings of sums up to 5, divided by 5
      }
    }
  }
});

Deno.test("averageOverClients() keeps the weights of a single client bit for bit", async () => {
  using _scope = gpu.scope();
  const { data, shape } = randomInput(7, [1, 5, 13]);
  assertEquals(await averageOverClients(gpu.tensor(data, shape)).read(), data);
});
