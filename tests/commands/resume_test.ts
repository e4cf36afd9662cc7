// The program killed at any moment and told to go on: its folder ends with the same bytes.

import { RandomStream } from "../../src/random.ts";
import { assert, assertEquals } from "../assert.ts";
import { everyEpoch, killAgainAndAgain, undisturbed } from "../torture/kills.ts";

Deno.test("a run that is killed five times ends with the bytes of one that is not", async () => {
  const whole = await undisturbed(everyEpoch);
  assert(whole.files.has("final/clientA_personal.safetensors"), [...whole.files.keys()].join(", "));
  const seed = Date.now() >>> 0;
  // A run may end before it is killed so often; the next one is killed then.
  for (let kills = 0, run = 0; kills < 5; run++) {
    const random = new RandomStream(seed, run);
    const killed = await killAgainAndAgain(everyEpoch, whole, random, 5 - kills);
    assertEquals(killed.problem, null, JSON.stringify(killed.kills));
    kills += killed.kills.length;
  }
});
