// Training watched for some steps; `deno task torture soak` watches it for thousands.

import { assertEquals } from "../assert.ts";
import { grown, soak, type SoakSample } from "./soak.ts";

Deno.test("a process that trains holds no more buffers, files and memory after 120 steps than after 48", async () => {
  const samples = await soak(1, (samples) => samples.at(-1)!.steps >= 120);
  // So early the compiler of JavaScript still takes memory.
  assertEquals(grown(samples, { warmUp: 48, mostGrowth: 0.2 }), []);
  assertEquals(samples.at(-1)!.live, 0); // a run gives back all that it has taken
});

const sample: SoakSample = { steps: 50, live: 10, gpuBytes: 1e6, rss: 100e6, files: 20 };
const leaks: [name: string, later: Partial<SoakSample>, problem: string][] = [
  ["buffers", { live: 11 }, "live is not constant: 10, 11"],
  ["the GPU's memory", { gpuBytes: 2e6 }, "gpuBytes is not constant: 1000000, 2000000"],
  ["files", { files: 21 }, "files is not constant: 20, 21"],
  ["memory", { rss: 103e6 }, "resident memory grew by 3.0 %: 100 103 MB"],
];
for (const [name, later, problem] of leaks) {
  Deno.test(`grown() notices ${name}`, () => {
    const limits = { warmUp: 50, mostGrowth: 0.02 };
    assertEquals(grown([sample, { ...sample, ...later }], limits), [problem]);
    assertEquals(grown([sample, sample], limits), []);
    assertEquals(grown([sample], limits).length, 1); // says nothing of what it has not seen
  });
}
