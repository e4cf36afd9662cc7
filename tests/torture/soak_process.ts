// Trains for ever into a run folder, and prints after every round what it holds once garbage is collected.
//   deno run -A --v8-flags=--expose-gc tests/torture/soak_process.ts FOLDER

import { join } from "@std/path";
import { preferVulkan } from "../../src/commands/webgpu_backend.ts";
import { demoDataset } from "../../src/data/demo.ts";
import { defaultConfig } from "../../src/federated/config.ts";
import { simulate } from "../../src/federated/simulation.ts";
import { RunFolder } from "../../src/report/run_folder.ts";
import { openGpu } from "../../src/tensor/gpu.ts";
import { madeUpHeader } from "../report/made_up_run.ts";
import type { SoakSample } from "./soak.ts";

const collectGarbage = (globalThis as unknown as { gc(): void }).gc;
preferVulkan();
const gpu = await openGpu();
const dataset = await demoDataset({
  ...{ seed: 3, imageSize: 32, trainSize: 64, validSize: 24, testSize: 24, clients: ["A", "B"] },
});
const events = simulate(gpu, {
  ...defaultConfig,
  ...{ dataset, width: 0.125, batchSize: 2, rounds: 1_000_000, localEpochs: 2, seed: 7 },
  ...{ optimizer: "adam", learningRate: 1e-3, stateEvery: "epoch", onNan: "skip-client" },
  participation: 0.5, // something moves in the stack every few rounds
});
const folder = await RunFolder.open(madeUpHeader(join(Deno.args[0], "run")));
let steps = 0;
for await (const event of events) {
  await folder.consume(event);
  if (event.type === "epoch") steps += Math.max(...event.clients.map(stepsOf));
  if (event.type !== "aggregation") continue;
  collectGarbage();
  const sample: SoakSample = {
    steps,
    live: gpu.live,
    gpuBytes: gpu.memory.bytes,
    rss: Deno.memoryUsage().rss,
    files: Deno.build.os === "linux" ? [...Deno.readDirSync("/proc/self/fd")].length : 0,
  };
  console.log(JSON.stringify(sample));
}

function stepsOf(
  { batchLosses }: { readonly batchLosses: Readonly<Record<string, readonly number[]>> | null },
): number {
  return batchLosses === null ? 0 : Object.values(batchLosses)[0].length;
}
