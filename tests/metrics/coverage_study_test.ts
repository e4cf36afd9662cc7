// The study of coverage and level: its stored result keeps the promises, and this program still gives it.

import { assert, assertEquals } from "../assert.ts";
import stored from "./coverage_study.json" with { type: "json" };
import { fewRepeats, parts, type Promised, runPart } from "./coverage_study.ts";

/** Percent within which a share must lie. */
const bounds: Readonly<Record<Promised, readonly [number, number]>> = {
  "coverage": [93, 97],
  "level": [4, 6],
  "at most the level": [0, 6],
  "nothing": [0, 90], // far from 95, which is why there are groups
};

for (const [name, { all, few }] of Object.entries(stored)) {
  Deno.test(`intervals and tests keep their promises: ${name}`, () => {
    for (const { name, promise, events, repeats } of all) {
      assert(repeats >= 2000, `${name}: ${repeats} repeats tell too little`);
      const share = 100 * events / repeats;
      const [least, most] = bounds[promise as Promised];
      assert(share >= least && share <= most, `${name}: ${share} % is not in ${least} to ${most}`);
    }
    const { counts } = parts[name];
    assertEquals(
      all.map(({ name, promise }) => ({ name, promise })),
      counts.map(({ name, promise }) => ({ name, promise: String(promise) })),
    );
    assertEquals(runPart(name, fewRepeats).map(({ events }) => events), few);
  });
}

Deno.test("docs/metrics.md states what the study found", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/metrics.md", import.meta.url));
  const cells = text.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  for (const { name, events, repeats } of Object.values(stored).flatMap(({ all }) => all)) {
    const row = cells.find((row) => row[1] === name);
    assertEquals(row?.[3], `${(100 * events / repeats).toFixed(2)} %`, name);
  }
});
