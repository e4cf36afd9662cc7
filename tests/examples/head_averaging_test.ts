// The example of docs/adding-a-method.md does what it says.

import { headAveraging } from "../../examples/head_averaging.ts";
import { assertEquals, assertNotEquals } from "../assert.ts";
import { eventsOf, finalsOf } from "../federated/small_federation.ts";

Deno.test("headAveraging leaves all clients with one classifier and each with its features", async () => {
  const [first, ...others] = finalsOf(await eventsOf({ method: headAveraging, rounds: 1 }));
  for (const { tensors } of others) {
    for (const [name, { data }] of tensors) {
      if (name.endsWith("linear.weight")) assertEquals(data, first.tensors.get(name)!.data);
      if (name.endsWith("conv.weight")) assertNotEquals(data, first.tensors.get(name)!.data);
    }
  }
});
