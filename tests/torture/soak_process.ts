// Runs one federation after the other on one device, each into a run folder, and prints what the process holds between
// them. A single endless run would not do: its curves and its page have more points with every round.
//   deno run -A --v8-flags=--expose-gc tests/torture/soak_process.ts FOLDER ROUNDS

import { join } from "@std/path";
import { preferVulkan } from "../../src/commands/webgpu_backend.ts";
import { demoDataset } from "../../src/data/demo.ts";
import { defaultConfig, type SimulationConfig } from "../../src/federated/config.ts";
import { simulate } from "../../src/federated/simulation.ts";
import { RunFolder } from "../../src/report/files/run_folder.ts";
import { openGpu } from "../../src/tensor/gpu.ts";
import { madeUpHeader } from "../report/made_up_run.ts";
import type { SoakSample } from "./soak.ts";

const collectGarbage = (globalThis as unknown as { gc(): void }).gc;
preferVulkan();
const gpu = await openGpu();
const dataset = await demoDataset({
  ...{ seed: 3, imageSize: 32, trainSize: 64, validSize: 24, testSize: 24, clients: ["A", "B"] },
});
const config: SimulationConfig = {
  ...defaultConfig,
  ...{ dataset, width: 0.125, batchSize: 2, rounds: Number(Deno.args[1]), localEpochs: 2, seed: 7 },
  ...{ optimizer: "adam", learningRate: 1e-3, onNan: "skip-client" },
  participation: 0.5, // something moves in the stack
};

for (let steps = 0;;) {
  const path = join(Deno.args[0], "run");
  const folder = await RunFolder.open(madeUpHeader(path));
  for await (const event of simulate(gpu, config, { stateEvery: "epoch" })) {
    await folder.consume(event);
    if (event.type === "epoch") steps += Math.max(...event.clients.map(stepsOf));
  }
  await Deno.remove(path, { recursive: true });
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
