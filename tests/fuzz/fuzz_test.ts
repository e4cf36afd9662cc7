// Readers of files take damaged ones with a result or their documented error. `deno task torture` shows them more.

import { assert } from "../assert.ts";
import { fuzz } from "./fuzz.ts";
import { fuzzTargets } from "./targets.ts";

for (const target of fuzzTargets) {
  Deno.test(`the reader of ${target.name} survives 600 damaged inputs`, async () => {
    const { accepted, refused } = await fuzz(target, { count: 600 });
    // All alike would mean that the damage is too slight, or too great to get anywhere.
    assert(accepted > 0 && refused > 0, `${accepted} accepted, ${refused} refused`);
  });
}
