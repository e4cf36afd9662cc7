// Readers of files take damaged ones with a result or their documented error. `deno task torture` shows them more.

import process from "node:process";
import { assert, assertRejects } from "../assert.ts";
import { fuzz } from "./fuzz.ts";
import { type FuzzTarget, fuzzTargets } from "./targets.ts";

for (const target of fuzzTargets) {
  Deno.test(`the reader of ${target.name} survives 600 damaged inputs`, async () => {
    const { accepted, refused } = await fuzz(target, { count: 600 });
    // All alike would mean that the damage is too slight, or too great to get anywhere.
    assert(accepted > 0 && refused > 0, `${accepted} accepted, ${refused} refused`);
  });
}

const wrong: [what: string, read: FuzzTarget["read"], message: string][] = [
  ["another error", () => (null as unknown as number[]).length, "TypeError: Cannot read"],
  ["too much memory", () => new Uint8Array(1e8).length, "it took 100 MB"],
  ["too long", () => compute(60), "it took "],
];

/** Keeps a core busy. */
function compute(milliseconds: number): void {
  const { user, system } = process.cpuUsage();
  let spent = 0;
  while (spent < milliseconds * 1000) {
    const now = process.cpuUsage();
    spent = now.user + now.system - user - system;
  }
}

for (const [what, read, message] of wrong) {
  Deno.test(`fuzz() notices a reader that answers with ${what}`, async () => {
    const target = { name: "bad", make: () => new Uint8Array(3), read, documented: [SyntaxError] };
    await assertRejects(
      () => fuzz(target, { count: 1, mostTime: 50 }),
      Error,
      `bad, seed 1, input 0: ${message}`,
    );
  });
}
